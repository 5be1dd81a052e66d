internal import MailModel

// What no single value shows: settings that contradict each other.
extension SettingsReader {
    /// Adds the problems between settings; values that were wrong by themselves are left out.
    mutating func check() {
        checkTLS()
        checkListeners()
        checkListenerPolicies()
        checkBanks()
        checkMailLoops()
        checkVirusDestinies()
        checkLimits()
        checkLevels()
        checkQuarantinePlaces()
        checkDigests()
        checkScanners()
        checkBayes()
        checkTests()
    }

    private mutating func checkBayes() {
        let bayes = loaded.settings.bayes
        if bayes.messages / 2 < bayes.minimum, !faulty.contains("bayes.messages"), !faulty.contains("bayes.minimum") {
            loaded.report(
                .warning, at: "bayes.messages", "bayes.minimum",
                message:
                    "bayes.messages (\(bayes.messages)) keeps less than bayes.minimum (\(bayes.minimum)) of spam and "
                    + "of ham: the machines would never be solved")
        }
        if bayes.autolearn.ham > bayes.autolearn.spam, !faulty.contains("bayes.autolearn_ham"),
            !faulty.contains("bayes.autolearn_spam")
        {
            loaded.report(
                at: "bayes.autolearn_ham", "bayes.autolearn_spam",
                message: "bayes.autolearn_ham is above bayes.autolearn_spam: what is learnt as spam is ham, too")
        }
    }

    private mutating func checkTLS() {
        let tls = loaded.settings.tls
        if !tls.certificate.isEmpty && tls.key.isEmpty && !faulty.contains("tls.key") {
            loaded.report(at: "tls.certificate", message: "tls.certificate without tls.key")
        }
        if tls.certificate.isEmpty && !tls.key.isEmpty && !faulty.contains("tls.certificate") {
            loaded.report(at: "tls.key", message: "tls.key without tls.certificate")
        }
        guard tls.certificate.isEmpty && !faulty.contains("tls.certificate") else { return }
        for (index, listener) in loaded.settings.listeners.enumerated() where listener.startTLS != .none {
            loaded.report(
                at: "listeners[\(index)].starttls",
                message: "starttls: \(listener.startTLS.rawValue) needs tls.certificate and tls.key")
        }
    }

    private mutating func checkListeners() {
        let listeners = loaded.settings.listeners
        for index in listeners.indices where !faulty.contains("listeners[\(index)].address") {
            let address = listeners[index].address
            let earlier = listeners[..<index].indices.first {
                listeners[$0].address.overlaps(address) && !faulty.contains("listeners[\($0)].address")
            }
            guard let earlier else { continue }
            let line = loaded.origins["listeners[\(earlier)]"].map { " on line \($0.line)" } ?? ""
            loaded.report(
                at: "listeners[\(index)].address", "listeners[\(index)]",
                message: "\(address) is taken by the listener\(line) (\(listeners[earlier].address))")
        }
    }

    private mutating func checkBanks() {
        let settings = loaded.settings
        for (index, bank) in settings.banks.enumerated() {
            let path = "banks[\(index)]"
            for (place, address) in bank.listeners.enumerated()
            where !settings.listeners.contains(where: { $0.address == address }) {
                let known = settings.listeners.map(\.address.description).joined(separator: ", ")
                loaded.report(
                    at: "\(path).listeners[\(place)]", "\(path).listeners",
                    message:
                        "no listener has the address \(address) (there is \(known)): the bank would never hold by it")
            }
            checkVirusBank(bank, path)
            let met = settings.listeners.filter { bank.listeners.isEmpty || bank.listeners.contains($0.address) }
            if !bank.authors.isEmpty { checkAuthors("\(path).authors", met) }
            if !bank.overlay.values.allowAuthors.isEmpty { checkAuthors("\(path).allow_authors", met) }
        }
        for (index, entry) in settings.recipients.enumerated() {
            let path = "recipients[\(index)]"
            if entry.match.isEmpty, !faulty.contains("\(path).match"), loaded.origins["\(path).match"] != nil {
                loaded.report(at: "\(path).match", message: "an empty 'match' holds for nobody")
            }
            if !entry.overlay.values.allowAuthors.isEmpty { checkAuthors("\(path).allow_authors", settings.listeners) }
        }
        for (name, policy) in settings.policies where !policy.allowAuthors.isEmpty {
            checkAuthors("policies.\(name).allow_authors", settings.listeners.filter { $0.policy == name })
        }
    }

    /// What is decided before a virus is known.
    private static let earlyKeys: Set = ["originating", "sanitize_html", "disclaimer"]

    private mutating func checkVirusBank(_ bank: Settings.Bank, _ path: String) {
        for key in Self.earlyKeys.intersection(bank.viruses.isEmpty ? [] : bank.overlay.keys).sorted() {
            loaded.report(
                at: "\(path).\(key)", message: "'\(key)' counts before a virus is known: not in a bank with 'viruses'")
        }
        for (index, part) in bank.viruses.enumerated() { checkVirusPart(part, "\(path).viruses", index) }
    }

    /// Before the queue Postfix shows milters no header, so no results of theirs are there yet.
    private mutating func checkAuthors(_ key: String, _ listeners: [Settings.Listener]) {
        guard !listeners.isEmpty, listeners.allSatisfy({ $0.placement == .beforeQueue }) else { return }
        loaded.report(
            .warning, at: key,
            message:
                "before the queue milters have seen no header: nobody is known to be the author of signed mail there")
    }

    private mutating func checkListenerPolicies() {
        let settings = loaded.settings
        for (index, listener) in settings.listeners.enumerated() {
            let path = "listeners[\(index)]"
            guard !faulty.contains(path + ".policy") else { continue }
            guard let policy = settings.policies[listener.policy] else {
                let advice = suggestion(for: listener.policy, among: settings.policies.keys.sorted())
                loaded.report(at: path + ".policy", message: "there is no policy '\(listener.policy)'\(advice)")
                continue
            }
            guard listener.placement == .afterQueue, !faulty.contains(path + ".placement") else { continue }
            let refusals =
                (policy.infected == .reject ? ["infected"] : [])
                + (policy.virusDestinies.contains { $0.destiny == .reject } ? ["virus_destinies"] : [])
                + (policy.rule == .reject ? ["rule"] : [])
                + UncheckedReason.judged.filter { policy[uncheckedFor: $0] == .reject }.map {
                    "unchecked.\($0.rawValue)"
                }
            for key in refusals {
                loaded.report(
                    .warning, at: "policies.\(listener.policy).\(key)",
                    message: "reject after the queue (listener \(listener.address)) makes the MTA send a bounce, "
                        + "often to a forged sender; discard or quarantine does not")
            }
        }
    }

    /// Letters below which a part stands in nearly every name of a virus.
    private static let tellingPart = 3

    /// One that is mild with all viruses by mistake.
    private mutating func checkVirusDestinies() {
        for (name, policy) in loaded.settings.policies.sorted(by: { $0.key < $1.key }) {
            for (index, entry) in policy.virusDestinies.enumerated() {
                checkVirusPart(entry.part, "policies.\(name).virus_destinies", index)
            }
        }
    }

    private mutating func checkVirusPart(_ part: String, _ path: String, _ index: Int) {
        guard part.count(where: { $0.isLetter || $0.isNumber }) < Self.tellingPart else { return }
        loaded.report(
            .warning, at: "\(path)[\(index)]", path,
            message: "'\(shown(part))' stands in the names of many viruses, which are all meant then")
    }

    private mutating func checkMailLoops() {
        let settings = loaded.settings
        for (name, policy) in settings.policies.sorted(by: { $0.key < $1.key }) {
            for (hopIndex, hop) in policy.nextHops.enumerated() where !faulty.contains("policies.\(name).next_hops") {
                let looping = settings.listeners.indices.first {
                    hop.leads(to: settings.listeners[$0].address) && !faulty.contains("listeners[\($0)].address")
                }
                guard let looping else { continue }
                loaded.report(
                    at: "policies.\(name).next_hops[\(hopIndex)]", "listeners[\(looping)].address",
                    "listeners[\(looping)]",
                    message: "mail loop: next hop \(hop) of policy '\(name)' is the listener "
                        + "\(settings.listeners[looping].address)")
            }
        }
    }

    private mutating func checkLevels() {
        for (name, policy) in loaded.settings.policies.sorted(by: { $0.key < $1.key }) {
            let levels = policy.levels
            let path = "policies.\(name).levels"
            if levels.tag2 > levels.kill {
                loaded.report(
                    .warning, at: "\(path).tag2", "\(path).kill",
                    message:
                        "levels.tag2 (\(pointsText(levels.tag2))) is over levels.kill (\(pointsText(levels.kill))): mail "
                        + "between them is spam whose score is below what its header calls required")
            }
            if let tag3 = levels.tag3, tag3 < levels.tag2 {
                loaded.report(
                    .warning, at: "\(path).tag3", "\(path).tag2",
                    message:
                        "levels.tag3 (\(pointsText(tag3))) is below levels.tag2 (\(pointsText(levels.tag2))): mail between "
                        + "them is no spam and gets no tag")
            }
            if levels.tag > levels.tag2 {
                loaded.report(
                    .warning, at: "\(path).tag", "\(path).tag2",
                    message:
                        "levels.tag (\(pointsText(levels.tag))) is over levels.tag2 (\(pointsText(levels.tag2))): spam "
                        + "between them has no spam fields")
            }
        }
    }

    private mutating func checkQuarantinePlaces() {
        let quarantine = loaded.settings.quarantine
        if quarantine.store == .postgresql, quarantine.postgresql.isEmpty, !faulty.contains("quarantine.postgresql") {
            loaded.report(at: "quarantine.store", message: "quarantine.store: postgresql needs quarantine.postgresql")
        }
        for (name, policy) in loaded.settings.policies.sorted(by: { $0.key < $1.key }) {
            for (category, key, destiny) in policy.singleDestinies
            where policy[placeFor: category] == .nowhere && destiny.demandsCopy {
                loaded.report(
                    .warning, at: "policies.\(name).quarantine_to.\(category.rawValue)",
                    message: "\(key): \(destiny.rawValue) keeps a copy all the same: in the quarantine of this host")
            }
        }
    }

    private mutating func checkLimits() {
        let settings = loaded.settings
        if settings.timeouts.beforeQueue >= 100 {
            loaded.report(
                .warning, at: "timeouts.before_queue",
                message:
                    "Postfix gives up after smtpd_proxy_timeout, 100s unless changed; mail that it then sends again "
                    + "may have been delivered already")
        }
        if settings.limits.messageSize > settings.limits.spoolBytes {
            loaded.report(
                .warning, at: "limits.spool_bytes", "limits.message_size",
                message:
                    "limits.message_size (\(sizeText(settings.limits.messageSize))) is more than limits.spool_bytes "
                    + "(\(sizeText(settings.limits.spoolBytes))): the largest messages would always get 452")
        }
        checkEngineLimits(settings)
        // A container and what is in it count both.
        if settings.scanners.contains(where: \.takesParts),
            settings.scanning.partsSize / 2 < settings.limits.messageSize
        {
            loaded.report(
                .warning, at: "scanning.parts_size", "limits.message_size",
                message:
                    "scanning.parts_size (\(sizeText(settings.scanning.partsSize))) is less than twice limits.message_size "
                    + "(\(sizeText(settings.limits.messageSize))): large attachments that are harmless would be over-limits"
            )
        }
    }
}

extension SettingsReader {
    /// What the embedded engine takes of one content, against what a message may have and may unpack to.
    fileprivate mutating func checkEngineLimits(_ settings: Settings) {
        guard settings.clamav.enabled else { return }
        let (clamav, unpacking) = (settings.clamav, settings.unpacking)
        if clamav.maxScanSize < settings.limits.messageSize {
            warnOfEngineLimit(
                "clamav.max_scan_size", sizeText(clamav.maxScanSize), "limits.message_size",
                sizeText(settings.limits.messageSize), "larger messages that are harmless would be over-limits")
        }
        // libclamav takes documents apart even where that is done here, and alone what is not opened here as a whole.
        let reason = "libclamav would give up on documents that are within limits here, and they would be over-limits"
        if clamav.maxScanSize < unpacking.maximumQuota {
            warnOfEngineLimit(
                "clamav.max_scan_size", sizeText(clamav.maxScanSize), "unpacking.maximum_quota",
                sizeText(unpacking.maximumQuota), reason)
        }
        if clamav.maxRecursion < unpacking.levels {
            warnOfEngineLimit(
                "clamav.max_recursion", "\(clamav.maxRecursion)", "unpacking.levels", "\(unpacking.levels)", reason)
        }
        if clamav.maxFiles < unpacking.files {
            warnOfEngineLimit(
                "clamav.max_files", "\(clamav.maxFiles)", "unpacking.files", "\(unpacking.files)", reason)
        }
    }

    private mutating func warnOfEngineLimit(
        _ key: String, _ value: String, _ other: String, _ larger: String, _ reason: String
    ) {
        guard !faulty.contains(key), !faulty.contains(other) else { return }
        loaded.report(
            .warning, at: key, other, message: "\(key) (\(value)) is less than \(other) (\(larger)): \(reason)")
    }
}

extension Settings.PolicySettings {
    /// The categories with one destiny, the key of each, and what it says.
    fileprivate var singleDestinies: [(MailModel.Category, String, Destiny)] {
        let all: [(MailModel.Category, String, Destiny?)] = [
            (.infected, "infected", infected), (.banned, "banned", banned), (.rule, "rule", rule),
            (.spam, "spam", spam),
            (.spammy, "spammy", spammy), (.badHeader, "bad_header", badHeader), (.oversized, "oversized", oversized),
        ]
        return all.compactMap { category, key, destiny in destiny.map { (category, key, $0) } }
    }
}
