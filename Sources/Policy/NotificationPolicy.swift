package import MailModel

/// Whether a sender hears of mail that was not delivered because of its content: never one who did not write it, never a list
/// or a machine.
package enum NotificationPolicy {
    /// Why nobody is notified.
    package enum Suppression: String, Hashable, Sendable {
        case nullSender = "null sender"
        /// A list, a newsletter or a machine.
        case bulk
        /// Viruses forge their senders.
        case forgedSender = "forged sender"
        /// Spam with a score over `levels.dsn_cutoff`.
        case cutoff
        /// `NOTIFY` without `FAILURE` (RFC 3461 section 4.1).
        case notWanted = "not wanted"
    }

    /// What keeps the sender from being told of one recipient; nil when nothing does.
    package static func suppression(
        _ verdict: Verdict, _ policy: ContentPolicy, sender: MailPath, recipient: Recipient, isBulk: Bool
    ) -> Suppression? {
        if sender.isNull { return .nullSender }
        if isBulk || isMachine(sender) { return .bulk }
        let isForged = verdict.virusNames.contains { name in
            let name = name.lowercased()
            return !policy.honestViruses.contains { name.contains($0) }
        }
        if isForged { return .forgedSender }
        if let cutoff = policy.levels.dsnCutoff, SpamLevels.reaches(verdict.shownScore, cutoff) { return .cutoff }
        if let notify = recipient.notify, !notify.contains(.failure) { return .notWanted }
        return nil
    }

    /// By its name a list's address, or a machine's, whatever extension it has (`list-bounces+user=host`): those that amavis takes
    /// for bulk, and that RFC 3834 section 2 warns of.
    private static func isMachine(_ sender: MailPath) -> Bool {
        let local = sender.bytes[..<(sender.bytes.lastIndex(of: 0x40) ?? sender.bytes.endIndex)]
        let plain = local.filter { $0 != 0x22 && $0 != 0x5C }.prefix { $0 != 0x2B }
        let name = String(decoding: plain, as: UTF8.self).lowercased()
        return name == "mailer-daemon" || name.hasPrefix("owner-")
            || ["-owner", "-request", "-bounces", "-admin"].contains { name.hasSuffix($0) }
    }
}
