internal import Checks
package import Configuration
package import MailModel
internal import Policy
internal import Stores

/// The answer of `mailreeve config explain --recipient R`: which settings hold for the mail of one sender to one recipient, and
/// where each value comes from.
package struct PolicyExplanation: Sendable {
    /// What is asked about.
    package struct Question: Sendable {
        package var recipient: MailPath
        package var sender: MailPath
        /// The original client; nil when it is not known.
        package var client: IPAddress?
        /// The listener that the mail comes in by; nil for the first.
        package var listener: String?
        package var isAuthenticated: Bool
        /// The author, where his domain has signed the mail.
        package var author: MailPath?
        /// Names of the viruses that were found.
        package var viruses: [String]

        package init(
            recipient: MailPath, sender: MailPath, client: IPAddress?, listener: String?, isAuthenticated: Bool,
            author: MailPath? = nil, viruses: [String] = []
        ) {
            self.recipient = recipient
            self.sender = sender
            self.client = client
            self.listener = listener
            self.isAuthenticated = isAuthenticated
            self.author = author
            self.viruses = viruses
        }
    }

    /// Lines for people.
    package let lines: [String]

    /// Reads the tables of the settings. Blocks on a disk.
    /// - Throws: what is wrong with a table, or with the question.
    package init(_ loaded: LoadedConfiguration, _ question: Question) throws {
        let settings = loaded.settings
        let chosen = settings.listeners.first {
            question.listener == nil || question.listener == $0.address.description
        }
        guard let listener = chosen else { throw GatewayError("there is no listener \(question.listener ?? "")") }
        let book = try PolicyBook(settings)
        var mail = PolicyBook.Circumstances(
            listener: listener.address.description, client: question.client, sender: question.sender,
            isAuthenticated: question.isAuthenticated, author: question.author)
        mail.viruses = question.viruses
        let recipient = book.address(question.recipient)
        let sender = book.address(question.sender)
        let banks = try book.banks(mail, sender)
        let layers = try banks + book.layers(recipient)
        var base = settings.policies[listener.policy] ?? Settings.PolicySettings()
        for layer in banks { layer.overlay.apply(to: &base) }
        let isLocal = try book.isLocal(recipient, originating: base.originating)
        var policy = base
        for layer in layers { layer.overlay.apply(to: &policy) }
        // Where the file cannot be read by who asks, nobody is allowed by it.
        let allowed = try? AllowedSenders(directory: settings.digestDirectory)
        let isAllowed = allowed?.allows(sender, to: recipient) ?? false
        let standing = try book.standing(sender, author: question.author, policy, isAllowedByRecipient: isAllowed)
        let explained = layers.map { Self.explained($0, settings) }
        var out = [
            "from <\(question.sender)> to <\(question.recipient)> by \(listener.address), \(listener.placement.rawValue)",
            "layers: " + (["policy \(listener.policy)"] + explained.map(\.label)).joined(separator: ", "),
            "recipient: \(isLocal ? "local" : "not local"); mail: \(policy.originating ? "originating" : "incoming")",
            "sender: \(Self.text(standing))",
        ]
        out += loaded.explainPolicy(
            listener.policy, layers: explained,
            meanings: Self.meanings(SetupBuilder.contentPolicy(policy, listener.placement)))
        lines = out
    }

    /// What people call a layer.
    static func explained(_ layer: PolicyBook.Layer, _ settings: Settings) -> ExplainedLayer {
        switch layer.source {
        case .bank(let index):
            ExplainedLayer(
                label: "bank \(settings.banks[index].name)", path: "banks[\(index)]", overlay: layer.overlay)
        case .recipient(let index):
            ExplainedLayer(label: "recipients[\(index)]", path: "recipients[\(index)]", overlay: layer.overlay)
        case .table(let name, let line, _):
            ExplainedLayer(label: "\(name.text), line \(line)", path: nil, overlay: layer.overlay)
        }
    }

    private static func text(_ standing: SenderStanding) -> String {
        var words: [String] = []
        if standing.isAllowed {
            words.append(standing.allowedBy == .recipient ? "allowed by the recipient" : "allowed")
        }
        if standing.isDenied { words.append("denied") }
        if standing.points != 0 { words.append("\(standing.points) points") }
        return words.isEmpty ? "on no list" : words.joined(separator: ", ")
    }

    /// What `null` stands for, by key.
    private static func meanings(_ policy: ContentPolicy) -> [String: String] {
        [
            "infected": policy.infected.rawValue, "banned": policy.banned.rawValue, "rule": policy.rule.rawValue,
            "spam": policy.spam.rawValue, "oversized": policy.oversized.rawValue,
            "authentication_results": Settings.AuthenticationResults.removeOurs.rawValue + " but of our MTA",
            "levels.tag3": "none", "levels.dsn_cutoff": "none", "levels.quarantine_cutoff": "none",
        ]
    }
}
