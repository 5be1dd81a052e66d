internal import DomainNames
package import Linux
package import MailModel

extension Quarantine {
    /// What is known of an entry beside the message itself.
    package struct Entry: Sendable, Hashable {
        /// 12 letters and digits, the `mail_id` of logs.
        package var id: String
        /// What a release request has to know besides `id` (amavis's `secret_id`).
        package var secret: String
        /// Unix time.
        package var time: Int
        package var category: Category
        /// Why, as in the reply; escaped text.
        package var reason: String
        package var envelope: Envelope
        /// Address of the listener that took it, as the configuration writes it, and name of the listener's policy; nil for
        /// entries of a time when they were not kept.
        package var listener: String?
        package var policy: String?
        /// The subject as people read it, and the `Message-ID`; both from mail: escape before showing.
        package var subject: String
        package var messageID: String
        /// Octets of the message.
        package var size: Int
        /// SHA-256 of the message as it was received, in hexadecimal; `put` takes it.
        package var digest: String
        /// SHA-256 of the report, likewise; nil for entries of a time when it was not kept.
        package var reportDigest: String?
        /// Octets that the entry's files take; `put` and `entry` count them.
        package var stored: Int
        /// Unix time of the last release; nil before.
        package var released: Int?

        package init(
            id: String, secret: String = Quarantine.newID(), time: Int, category: Category, reason: String,
            envelope: Envelope, subject: String = "", messageID: String = "", size: Int
        ) {
            self.id = id
            self.secret = secret
            self.time = time
            self.category = category
            self.reason = reason
            self.envelope = envelope
            self.subject = subject
            self.messageID = messageID
            self.size = size
            digest = ""
            stored = 0
            released = nil
        }

        /// The tenant whom the entry belongs to: the domain of its recipients, in lower case, when they all have the same;
        /// empty for mail to several domains, which belongs to nobody alone.
        package var tenant: String {
            let domains = Set(
                envelope.recipients.map { recipient in
                    recipient.path.domain.map { domain in
                        Escaping.text(DomainNames.inASCII(Array(domain)), limit: 255).lowercased()
                    } ?? ""
                })
            return domains.count == 1 ? domains.first ?? "" : ""
        }
    }

    /// An entry of which something may be lost, but not the message.
    package struct Remains: Sendable, Hashable {
        /// What is lost beside the message.
        package enum Loss: Sendable, Hashable, CustomStringConvertible {
            case envelope
            /// Only the checksum of gzip says that the message is the one that was kept.
            case envelopeAndDigest
            /// Files were put into a wrong directory: the message may be another one.
            case foreignEnvelope(of: String)

            package var description: String {
                switch self {
                case .envelope: "its envelope is lost; the message is the one that was kept, by its digest"
                case .envelopeAndDigest:
                    "its envelope and the digest are lost; the message is whole by the checksum of gzip"
                case .foreignEnvelope(let id): "its envelope is of another entry (\(id)), and so may the message be"
                }
            }
        }

        /// Where the envelope is lost without sender, recipients and all that it says.
        package let entry: Entry
        /// nil where nothing is lost.
        package let loss: Loss?

        package init(entry: Entry, loss: Loss? = nil) {
            self.entry = entry
            self.loss = loss
        }
    }

    /// Why a call on the quarantine failed.
    package enum Failure: Error, Hashable, CustomStringConvertible {
        case unknown(String)
        case damaged(String)
        /// It is encrypted, and its key (by its name) is none of those that are set.
        case locked(String, key: String)
        case system(SystemError)
        /// The database that keeps entries cannot be used now.
        case unavailable(String)

        /// True where the entry itself is the cause, and nothing else changes it.
        package var isOfMessage: Bool {
            switch self {
            case .unknown, .damaged: true
            case .locked, .system, .unavailable: false
            }
        }

        package var description: String {
            switch self {
            case .unknown(let id): "no message \(Escaping.text(id)) in the quarantine"
            case .damaged(let what): "quarantine entry is damaged: \(what)"
            case .locked(let id, let key):
                "\(id) is encrypted with key \(key), which is neither quarantine.key_file nor in quarantine.old_key_files"
            case .system(let error): "\(error)"
            case .unavailable(let text): "the database that keeps the messages cannot be used: \(text)"
            }
        }

        /// True where it says nothing of an entry: another time may tell more.
        package var isOfStorage: Bool {
            switch self {
            case .unknown, .damaged, .locked: false
            case .system, .unavailable: true
            }
        }
    }

    /// A new identifier: 12 random letters and digits, about 71 bits of the system's generator.
    package static func newID() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        return String(decoding: (0..<12).map { _ in alphabet.randomElement() ?? 0x30 }, as: UTF8.self)
    }

    /// An identifier that cannot leave the directory.
    package static func isValid(_ id: String) -> Bool {
        (2...64).contains(id.utf8.count)
            && id.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            }
            && id != "tmp"
    }
}
