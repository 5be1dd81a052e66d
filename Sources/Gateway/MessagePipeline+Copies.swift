internal import InspectionLink
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// What is kept of a message, before anything is answered.
extension MessagePipeline {
    /// Keeps a copy for those whose policy wants one, each where it wants it.
    /// - Throws: `GatewayError` when one of them cannot be kept; those before are remembered.
    func keep(_ work: inout MessageWork, _ key: ServedRecipients.Key?) async throws {
        let copies = work.copies
        guard !copies.isEmpty else { return }
        work.quarantineID = work.copyID
        // What is in a mailbox cannot be taken back: the copy here, which can, is made last.
        let missing = work.missingCopies.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
        for (place, recipients) in missing {
            if let failure = await work.putCopy(in: place, for: recipients) {
                throw GatewayError("quarantine: the copy to <\(place)> was not taken: \(failure)")
            }
            work.copied[place, default: []].formUnion(recipients.map { work.message.envelope.recipients[$0].path })
            if let trouble = await remember(work, [], key) { work.causes.append(trouble) }
        }
        guard let recipients = copies[nil] else { return }
        try await keepHere(&work, recipients.sorted())
        // A next hop may take its time with what is committed now.
        if work.groups.contains(where: \.disposition.isDelivered), let trouble = await remember(work, [], key) {
            work.causes.append(trouble)
        }
    }

    /// Keeps a copy in the quarantine of this host.
    private func keepHere(_ work: inout MessageWork, _ recipients: [Int]) async throws {
        if await hasCopy(work, for: recipients) { return }
        let keeping = work.groups.filter { $0.keepsCopy && work.copyPlace(of: $0) == nil }
        guard let first = keeping.first else { return }
        let category = work.keptCategory
        let named = keeping.first { $0.decisive.category == category } ?? first
        var envelope = work.message.envelope
        envelope.recipients = recipients.map { work.message.envelope.recipients[$0] }
        let isTaken = await work.isInQuarantine(work.copyID)
        let id = isTaken ? work.mailID : work.copyID
        var entry = Quarantine.Entry(
            id: id, time: work.time, category: category,
            reason: ReplyTexts.reason(named.decisive, id: work.id), envelope: envelope,
            subject: work.facts.subjectText, messageID: String(decoding: work.facts.messageID, as: UTF8.self),
            size: work.message.file.count)
        entry.listener = work.listener.name
        entry.policy = work.listener.policyName
        work.quarantineID = id
        let (setup, snapshot, kept) = (work.setup, work, entry)
        do {
            try await setup.keeping {
                let report = try InspectionDocument(snapshot).encoded()
                try setup.quarantine.put(kept, message: snapshot.message.file.descriptor, report: report)
            }
        } catch {
            throw GatewayError("quarantine: \(error)")
        }
    }

    /// True when the copy of an earlier try is here and was made for all of these recipients.
    private func hasCopy(_ work: MessageWork, for recipients: [Int]) async -> Bool {
        guard let copy = work.earlierCopy else { return false }
        let quarantine = work.setup.quarantine
        guard let entry = try? await work.setup.keeping({ try quarantine.files.entry(copy) }) else { return false }
        let kept = Set(entry.envelope.recipients.map(\.path))
        return recipients.allSatisfy { kept.contains(work.message.envelope.recipients[$0].path) }
    }

    /// Removes the copy of a try after which nobody needs it: the client still has the message, and its next try keeps one. Those
    /// elsewhere stay, and are remembered.
    func dropCopy(_ work: inout MessageWork) async {
        guard let id = work.quarantineID, !work.done.contains(where: { work.group(of: $0)?.keepsCopy ?? false }) else {
            return
        }
        let quarantine = work.setup.quarantine
        do {
            try await work.setup.keeping { if try quarantine.files.contains(id) { try quarantine.remove(id) } }
            if work.copied.isEmpty { work.quarantineID = nil }
        } catch {
            work.causes.append("quarantine: the copy of a try that failed stays: \(error)")
        }
    }
}

extension MessageWork {
    /// True when a copy is here by this name. Where that cannot be known there is none to rely on, and the next step fails.
    func isInQuarantine(_ id: String) async -> Bool {
        let files = setup.quarantine.files
        return (try? await setup.keeping { try files.contains(id) }) ?? false
    }

    /// What the quarantine calls the message: the weightiest that it is for anybody, also for those who do not mind it. One with
    /// a virus is infected whatever the settings skip: who releases it has to know.
    fileprivate var keptCategory: Category {
        var categories = Set(groups.flatMap(\.verdict.categories))
        if report?.findings.contains(where: { $0.kind == .virus }) ?? false { categories.insert(.infected) }
        return Category.allCases.first(where: categories.contains) ?? .clean
    }
}
