internal import Checks
package import MailModel

extension Settings {
    /// What is done with mail that came in by the listeners that name this policy.
    package struct PolicySettings: Sendable, Equatable {
        /// Where mail goes, tried in order: `smtp:[127.0.0.1]:10025`, `lmtp:unix:/path`, `maildir:/path`.
        package var nextHops: [NextHopAddress] = [.tcp(.smtp, host: "127.0.0.1", port: 10025)]
        package var nextHopTLS = NextHopTLS.none
        /// Infected mail; nil: `reject` before the queue, `discard` after it.
        package var infected: Destiny?
        /// Infected mail by a part of the name of the virus; the first that holds for a name counts.
        package var virusDestinies: [VirusDestiny] = []
        /// Mail that a rule rejects; nil: `reject` before the queue, `discard` after it.
        package var rule: Destiny?
        /// Mail with names or types that are banned; nil: `reject` before the queue, `discard` after it.
        package var banned: Destiny?
        /// Sets of rules on names and types of files, in the order in which they are asked.
        package var bannedRules = [BannedRules.defaultSet]
        /// Mail at or over `levels.kill`; nil: `reject` before the queue, `pass` after it.
        package var spam: Destiny?
        /// Mail at or over `levels.tag2`.
        package var spammy = Destiny.pass
        /// Mail larger than the recipient wants; nil: `reject` before the queue, `bounce` after it.
        package var oversized: Destiny?
        package var levels = Levels()
        /// Mail that could not be checked, by reason.
        package var unchecked: [UncheckedReason: Destiny] = PolicySettings.uncheckedDefaults
        /// Mail with faults in its header block.
        package var badHeader = Destiny.pass
        /// The faults that count.
        package var badHeaderChecks: [BadHeader] = BadHeader.allCases
        /// Kinds of anomalies whose action is not that of their class.
        package var anomalies: [AnomalyKind: AnomalyAction] = [:]
        /// Categories that the recipient wants delivered all the same (amavis: *_lovers).
        package var lovers: [Category] = []
        /// Categories that are not looked for (amavis: bypass_*_checks).
        package var bypass: [Category] = []
        /// Senders whose mail is no spam (amavis: whitelist_sender).
        package var allowSenders = AddressList()
        /// Authors whose mail is no spam where their domain has signed it.
        package var allowAuthors = AddressList()
        /// What else is not looked for in mail of allowed senders.
        package var allowSkips: [Category] = []
        /// Senders whose mail is spam (amavis: blacklist_sender).
        package var denySenders = AddressList()
        /// Points for senders (amavis: score_sender_maps).
        package var senderPoints = AddressPoints()
        /// Octets of a message from which on it is oversized; 0: none.
        package var sizeLimit = 0
        /// The mail is sent by our own users.
        package var originating = false
        /// Refusals become temporary.
        package var softBounce = false
        /// Everything is judged and logged, nothing is changed or kept back.
        package var shadow = false
        /// Parts of names of viruses whose sender is not forged.
        package var honestViruses = ["eicar"]
        /// The text that is put under messages: files of `disclaimers.directory`.
        package var disclaimer = Settings.noDisclaimer
        package var disclaimerMail = DisclaimerMail.originating
        /// What is taken out of HTML.
        package var sanitizeHTML: [HTMLHazard] = []
        /// What becomes of mail in which that cannot be done.
        package var unsanitized = UnsanitizedAction.defang
        /// Language of notices: a file of `notices.directory`.
        package var noticeLanguage = "en"
        /// Recipients get digests of what is kept from them.
        package var digest = false
        /// Categories of which a digest tells.
        package var digestCategories: [Category] = [.spam, .spammy, .badHeader]
        /// Categories of which recipients are told.
        package var warnRecipients: [Category] = []
        /// Administrators who are told, by category.
        package var admins: [Category: String] = [:]
        /// Who is told of viruses that were not met since the start.
        package var newVirusAdmin = ""
        /// Lines of replies in place of the reason, by category (amavis: smtp_reason_by_ccat).
        package var replyTexts: [Category: [TextTemplate]] = [:]
        /// Add the spam fields for local recipients.
        package var addSpamFields = true
        /// Add `X-Spam-Report:` from `levels.tag2` on.
        package var addSpamReport = false
        /// What stands in front of the subject, by category; a category that is not there has none.
        package var subjectTags: [Category: String] = [:]
        /// What stands there from `levels.tag3` on.
        package var thirdTag = ""
        /// Extension of the recipient's address, by category.
        package var addressExtensions: [Category: String] = [:]
        /// Categories whose mail is wrapped in another message.
        package var defang: [Category] = []
        /// Who gets a copy of everything that is delivered.
        package var alwaysBCC: [String] = []
        package var fieldNames = FieldNames.mailreeve
        /// nil: `keep` where the client is an MTA of ours, else `remove-ours`.
        package var authenticationResults: AuthenticationResults?
        /// Keep a copy of mail that is not delivered because of its content.
        package var quarantine = true
        /// Where, by category; one that is not there: in the quarantine of this host (amavis: *_quarantine_to).
        package var quarantineTo: [Category: QuarantinePlace] = [:]
        /// Add `X-Virus-Scanned:` when the scanner and its real signatures saw the message.
        package var addVirusScanned = true
        /// What `X-Virus-Scanned:` says; empty for the engine and the age of its signatures.
        package var virusScannedText = ""
        /// Add a field that names the category.
        package var addCategory = false
        /// Add a `Received:` field.
        package var addReceived = true
        /// Add `MIME-Ambiguity-Results:`.
        package var addAmbiguityResults = false
        package init() {}

        /// Defaults by reason: what cannot be judged by nature passes marked, what smells of evasion is kept,
        /// what failed on our side is tried again.
        package static let uncheckedDefaults: [UncheckedReason: Destiny] = [
            .encrypted: .pass, .unsupported: .pass,
            .ambiguous: .quarantine, .overLimits: .quarantine, .corrupt: .quarantine,
            .scannerFailed: .tempfail, .scannerCrashed: .tempfail, .deadline: .tempfail,
        ]
    }

    /// The word for no text under messages.
    package static let noDisclaimer = "none"

    /// Which mail gets a text under it: that of our own users, or any.
    package enum DisclaimerMail: String, Sendable, Equatable, CaseIterable { case originating, all }

    /// Whose words the fields that we add have.
    package enum FieldNames: String, Sendable, Equatable, CaseIterable { case mailreeve, amavis }

    /// What becomes of `Authentication-Results:` fields that come in.
    package enum AuthenticationResults: String, Sendable, Equatable, CaseIterable {
        case keep
        case removeOurs = "remove-ours"
        case remove
    }

    /// The scores from which on something happens; amavis's names and Debian's defaults.
    package struct Levels: Sendable, Equatable {
        package var tag = 2.0
        package var tag2 = 6.31
        package var tag3: Double?
        package var kill = 6.31
        package var dsnCutoff: Double? = 10
        package var quarantineCutoff: Double?
        package init() {}
    }

    /// TLS to the next hop: none; if offered; required, any certificate; required and verified.
    package enum NextHopTLS: String, Sendable, Equatable, CaseIterable { case none, may, encrypt, verify }
}
