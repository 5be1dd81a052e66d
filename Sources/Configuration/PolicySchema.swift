package import MailModel

private typealias PolicyKey = SchemaKey<Settings.PolicySettings>

/// The sentence for `policies`.
let policiesDoc =
    "What is done with mail, by name. A policy that leaves out a key has the built-in default for it; default always exists. A destiny is one of \(Destiny.allCases.map(\.rawValue).joined(separator: ", "))."
/// The keys of one policy.
let policySchema = Schema<Settings.PolicySettings>(
    keys: [
        PolicyKey(
            "next_hops", \.nextHops, ValueType<NextHopAddress>.nextHop.list(of: "next hops", allowEmpty: false),
            "Where mail goes, tried in order: smtp:[host]:port, lmtp:[host]:port, lmtp:unix:/path, maildir:/path."),
        PolicyKey(
            "next_hop_tls", \.nextHopTLS, .choice,
            "TLS to the next hop: none; if offered; required with any certificate; required and verified."),
        PolicyKey(
            "infected", \.infected,
            ValueType<Destiny>.destiny.orNull(meaning: "reject before the queue, discard after it"),
            "What becomes of infected mail."),
        PolicyKey(
            "virus_destinies", \.virusDestinies,
            ValueType<VirusDestiny>.virusDestiny.list(of: "names with destinies", allowEmpty: true),
            "Infected mail by a part of the virus's name: Joke. => pass. The first that holds counts, else infected."),
        PolicyKey(
            "rule", \.rule, ValueType<Destiny>.destiny.orNull(meaning: "reject before the queue, discard after it"),
            "What becomes of mail that a rule rejects with 5.x.x; DISCARD, HOLD and REJECT 4.x.x do what they say."),
        PolicyKey(
            "banned", \.banned, ValueType<Destiny>.destiny.orNull(meaning: "reject before the queue, discard after it"),
            "What becomes of mail with names or types that are banned."),
        PolicyKey(
            "banned_rules", \.bannedRules, ValueType<String>.bannedSet.list(of: "sets", allowEmpty: true),
            "Sets of rules on names and types of files, asked in this order; none checks no names."),
        PolicyKey(
            "spam", \.spam, ValueType<Destiny>.destiny.orNull(meaning: "reject before the queue, pass after it"),
            "What becomes of mail whose score reaches levels.kill."),
        PolicyKey(
            "spammy", \.spammy, .destiny, "What becomes of mail whose score reaches levels.tag2, but not levels.kill."),
        PolicyKey(
            "oversized", \.oversized,
            ValueType<Destiny>.destiny.orNull(meaning: "reject before the queue, bounce after it"),
            "What becomes of mail that is larger than the recipient wants."),
        PolicyKey(
            "bad_header", \.badHeader, .destiny, "What becomes of mail with faults in its header block."),
        PolicyKey(
            "bad_header_checks", \.badHeaderChecks, ValueType<BadHeader>.choice.list(of: "faults", allowEmpty: true),
            """
            Faults of the header block that count, in the order of BAD-HEADER-1 to -8: a MIME field that cannot be read, octets \
            not encoded, NUL or bare CR, a folded line of blanks, a line over 998 octets, a line that is no field, no Date or \
            no From, a field twice.
            """),
        PolicyKey(
            "lovers", \.lovers, categories,
            "Categories that are delivered all the same, marked (amavis: *_lovers)."),
        PolicyKey(
            "bypass", \.bypass, categories,
            "Categories that are not looked for, of infected, banned, spam and bad-header (amavis: bypass_*_checks)."),
        PolicyKey(
            "allow_senders", \.allowSenders, .addresses,
            "Senders whose mail is no spam. One of local_domains is believed only where the mail is originating."),
        PolicyKey(
            "allow_authors", \.allowAuthors, .addresses,
            "Authors (From) whose mail is no spam where their domain has signed it, as our MTA's Authentication-Results say."
        ),
        PolicyKey(
            "allow_skips", \.allowSkips, categories,
            "What else is not looked for in their mail. Anybody can write a sender: leave infected out."),
        PolicyKey("deny_senders", \.denySenders, .addresses, "Senders whose mail is spam."),
        PolicyKey(
            "sender_points", \.senderPoints, .addressPoints, "Points for senders, such as friend@example.com -5."),
        PolicyKey(
            "size_limit", \.sizeLimit, .size(0...oneTiB), "Largest message; a larger one is oversized. 0 is no limit."),
        PolicyKey("originating", \.originating, .flag, "The mail comes from our own users."),
        PolicyKey(
            "soft_bounce", \.softBounce, .flag,
            "Every refusal of ours becomes temporary; a next hop's stays what it is."),
        PolicyKey(
            "shadow", \.shadow, .flag,
            "Judge and log everything, but pass mail on as it came: nothing is marked, kept or refused."),
        PolicyKey(
            "honest_viruses", \.honestViruses, ValueType<String>.name.list(of: "names", allowEmpty: true),
            "Viruses whose sender is not forged, by a part of their name; of others no sender is notified."),
        PolicyKey(
            "disclaimer", \.disclaimer, .fileName,
            "Text under messages: NAME.txt and NAME.html in disclaimers.directory; none adds nothing."),
        PolicyKey(
            "disclaimer_mail", \.disclaimerMail, .choice,
            "Which mail gets it: that of our own users (originating: yes), or all."),
        PolicyKey(
            "sanitize_html", \.sanitizeHTML, ValueType<HTMLHazard>.choice.list(of: "sorts", allowEmpty: true),
            "What is taken out of HTML that people open: scripts, forms, frames, what is loaded from elsewhere."),
        PolicyKey(
            "unsanitized", \.unsanitized, .choice,
            "Mail in which that cannot be done: defang puts it into another message that warns of it."),
        PolicyKey(
            "notice_language", \.noticeLanguage, .fileName,
            "Language of notices: the name of a file in notices.directory (en, de, es, fr, ru)."),
        PolicyKey(
            "digest", \.digest, .flag,
            "Recipients of local_domains get digests of mail that is kept from them (mailreeve quarantine digest)."),
        PolicyKey(
            "digest_categories", \.digestCategories,
            ValueType<MailModel.Category>.digestCategory.list(of: "categories", allowEmpty: true),
            "Categories of which a digest tells, and that its reader can release. Never infected, whatever else it is."),
        PolicyKey(
            "warn_recipients", \.warnRecipients, categories,
            "Categories of which recipients of local_domains are told when such mail is kept from them."),
        PolicyKey(
            "new_virus_admin", \.newVirusAdmin, .address(orEmpty: "nobody"),
            "Who is told when a virus is kept back whose name was not met since the start (amavis: newvirus_admin)."),
        PolicyKey(
            "add_spam_fields", \.addSpamFields, .flag,
            "Add X-Spam-Flag, -Score, -Level and -Status from levels.tag on, for recipients of local_domains."),
        PolicyKey("add_spam_report", \.addSpamReport, .flag, "Add X-Spam-Report from levels.tag2 on."),
        PolicyKey(
            "defang", \.defang, categories,
            "Categories whose mail is delivered within another message that warns of it, for recipients of local_domains."
        ),
        PolicyKey(
            "always_bcc", \.alwaysBCC, ValueType<String>.address.list(of: "addresses", allowEmpty: true),
            "Who gets a copy of everything that is delivered."),
        PolicyKey(
            "field_names", \.fieldNames, .choice,
            "Names of the fields that are added: X-Mailreeve-Alert, or X-Amavis-Alert for filters that look for it."),
        PolicyKey(
            "authentication_results", \.authenticationResults,
            ValueType<Settings.AuthenticationResults>.choice.orNull(
                meaning: "remove-ours, but for what an MTA of ours (xforward_clients) put above its Received field"),
            "Authentication-Results fields that come in: kept, removed where they claim our hostname, or removed."),
        PolicyKey(
            "quarantine", \.quarantine, .flag, "Keep a copy of mail that is not delivered because of its content."),
        PolicyKey(
            "add_virus_scanned", \.addVirusScanned, .flag,
            "Add X-Virus-Scanned: when the scanner with real signatures saw the whole message."),
        PolicyKey(
            "virus_scanned_text", \.virusScannedText, .fieldText(orEmpty: "the engine and the age of its signatures"),
            "What X-Virus-Scanned says (amavis: X_HEADER_LINE). It is added only where it is true."),
        PolicyKey(
            "add_category", \.addCategory, .flag,
            "Add X-Mailreeve-Category (X-Amavis-Category) with the category that names the message."),
        PolicyKey("add_received", \.addReceived, .flag, "Add a Received: field."),
        PolicyKey(
            "add_ambiguity_results", \.addAmbiguityResults, .flag,
            "Add MIME-Ambiguity-Results: with what readers of the mail may disagree on."),
    ] + levelKeys + tagKeys + extensionKeys + placeKeys + adminKeys + replyKeys
        + UncheckedReason.judged.compactMap(uncheckedKey)
        + AnomalyKind.allCases.map(anomalyKey),
    sections: [
        ("levels", "Scores from which on something happens, as in amavis."),
        ("admins", "Who is told of mail that is kept back, by category (amavis: virus_admin and the like)."),
        (
            "subject_tags",
            "What stands in front of the subject, for recipients of local_domains; the weightiest category counts."
        ),
        (
            "address_extensions",
            "Extension of the recipient's address (user+spam@example.com), for recipients of local_domains."
        ),
        (
            "reply_texts",
            "Lines of the reply to mail that is not passed, in place of ${reason}, with the words of notices (docs/POLICY.md)."
        ),
        ("quarantine_to", "Where the copy of mail is kept, by the category that decides (amavis: *_quarantine_to)."),
        ("unchecked", "What becomes of mail that could not be checked, by reason."),
        (
            "anomalies",
            "What is done about forms that mail readers disagree on, by kind (docs/ANOMALIES.md): quarantine makes a message ambiguous, unchecked.ambiguous says what follows."
        ),
    ])

private let categories = ValueType<MailModel.Category>.choice.list(of: "categories", allowEmpty: true)

/// Categories that mail can be marked for.
private let markedCategories: [MailModel.Category] = [.infected, .banned, .unchecked, .spam, .spammy, .badHeader]

private let tagKeys =
    markedCategories.map { category in
        PolicyKey(
            "subject_tags.\(category.rawValue)", \.[tagFor: category], .tag, "Tag of mail that is \(category.rawValue)."
        )
    } + [
        PolicyKey(
            "subject_tags.tag3", \.thirdTag, .tag,
            "Tag from levels.tag3 on, in place of that of spammy, and of spam without a tag (amavis: spam_subject_tag3)."
        )
    ]

private let extensionKeys = markedCategories.map { category in
    PolicyKey(
        "address_extensions.\(category.rawValue)", \.[extensionFor: category], .addressExtension,
        "Extension for mail that is \(category.rawValue).")
}

private let placeKeys = MailModel.Category.allCases.filter { $0 != .clean }.map { category in
    PolicyKey(
        "quarantine_to.\(category.rawValue)", \.[placeFor: category], .quarantinePlace,
        "For mail that is \(category.rawValue).")
}

private let adminKeys = noticedCategories.map { category in
    PolicyKey(
        "admins.\(category.rawValue)", \.[adminFor: category],
        .address(orEmpty: "nobody"), "Who is told of mail that is kept back because it is \(category.rawValue).")
}

/// Categories whose replies can have words of the site's; a rule has its own.
private let repliedCategories: [MailModel.Category] = [
    .infected, .banned, .unchecked, .spam, .spammy, .badHeader, .oversized,
]

private let replyKeys = repliedCategories.map { category in
    PolicyKey(
        "reply_texts.\(category.rawValue)", \.[replyFor: category], .replyLines,
        "Lines for mail that is \(category.rawValue).")
}

private let noticedCategories: [MailModel.Category] = [.infected, .banned, .rule, .unchecked, .spam, .badHeader]

private let levelKeys: [PolicyKey] = [
    PolicyKey("levels.tag", \.levels.tag, .points, "Spam fields are added to the header (amavis: sa_tag_level_deflt)."),
    PolicyKey("levels.tag2", \.levels.tag2, .points, "The message is marked as spam (amavis: sa_tag2_level_deflt)."),
    PolicyKey(
        "levels.tag3", \.levels.tag3, ValueType<Double>.points.orNull(meaning: "none"),
        "From here on subject_tags.tag3 stands in front of the subject (amavis: sa_tag3_level_deflt)."),
    PolicyKey("levels.kill", \.levels.kill, .points, "What spam says is done (amavis: sa_kill_level_deflt)."),
    PolicyKey(
        "levels.dsn_cutoff", \.levels.dsnCutoff, ValueType<Double>.points.orNull(meaning: "none"),
        "From here on no sender is notified (amavis: sa_dsn_cutoff_level)."),
    PolicyKey(
        "levels.quarantine_cutoff", \.levels.quarantineCutoff, ValueType<Double>.points.orNull(meaning: "none"),
        "From here on no copy of spam is kept (amavis: sa_quarantine_cutoff_level)."),
]

private func anomalyKey(_ kind: AnomalyKind) -> SchemaKey<Settings.PolicySettings> {
    PolicyKey(
        "anomalies." + kind.rawValue, \.[actionFor: kind], .choice, "A \(kind.anomalyClass.rawValue) form.")
}

private func uncheckedKey(_ reason: UncheckedReason) -> SchemaKey<Settings.PolicySettings>? {
    let doc: String
    switch reason {
    case .encrypted: doc = "Content is encrypted."
    case .ambiguous: doc = "Mail readers are known to see different things in it."
    case .overLimits: doc = "Larger, deeper or more than a limit allows."
    case .unsupported: doc = "A format that cannot be unpacked here."
    case .corrupt: doc = "A damaged archive or coding."
    case .scannerFailed: doc = "A scanner failed or did not finish."
    case .scannerCrashed: doc = "The worker crashed on it twice."
    case .deadline: doc = "It took longer than the inspection may take."
    case .workspaceFull: return nil
    }
    return PolicyKey("unchecked." + reason.rawValue, \.[uncheckedFor: reason], .destiny, doc)
}

extension Settings.PolicySettings {
    /// What is done about a kind of anomaly; a kind that is not set has the action of its class.
    package subscript(actionFor kind: AnomalyKind) -> AnomalyAction {
        get { anomalies[kind] ?? kind.anomalyClass.defaultAction }
        set { anomalies[kind] = newValue == kind.anomalyClass.defaultAction ? nil : newValue }
    }

    /// Who is told of mail that is kept back; empty for nobody.
    package subscript(adminFor category: MailModel.Category) -> String {
        get { admins[category] ?? "" }
        set { admins[category] = newValue.isEmpty ? nil : newValue }
    }

    /// Lines of replies; none for the reason.
    package subscript(replyFor category: MailModel.Category) -> [TextTemplate] {
        get { replyTexts[category] ?? [] }
        set { replyTexts[category] = newValue.isEmpty ? nil : newValue }
    }

    /// Where the copy of mail is kept.
    package subscript(placeFor category: MailModel.Category) -> QuarantinePlace {
        get { quarantineTo[category] ?? .local }
        set { quarantineTo[category] = newValue == .local ? nil : newValue }
    }

    /// What stands in front of the subject; empty for nothing.
    package subscript(tagFor category: MailModel.Category) -> String {
        get { subjectTags[category] ?? "" }
        set { subjectTags[category] = newValue.isEmpty ? nil : newValue }
    }

    /// The extension of the recipient's address; empty for none.
    package subscript(extensionFor category: MailModel.Category) -> String {
        get { addressExtensions[category] ?? "" }
        set { addressExtensions[category] = newValue.isEmpty ? nil : newValue }
    }

    /// What becomes of mail that could not be checked for this reason; a reason that is not set has its default.
    package subscript(uncheckedFor reason: UncheckedReason) -> Destiny {
        get { unchecked[reason] ?? Self.uncheckedDefaults[reason] ?? .tempfail }
        set { unchecked[reason] = newValue }
    }
}
