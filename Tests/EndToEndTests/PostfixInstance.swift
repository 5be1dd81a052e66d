import Foundation
import TestSupport
import Testing

/// A Postfix of a test's own (`Tests/EndToEnd/postfix-instance`), stopped with the object.
final class PostfixInstance: Sendable {
    /// How Postfix and gateway are connected.
    enum Mode: String, CaseIterable {
        case plain
        case afterQueueSMTP = "after-queue-smtp"
        case afterQueueLMTP = "after-queue-lmtp"
        case beforeQueue = "before-queue"
        case pipe
    }

    /// What a test wants to be different.
    struct Options: Sendable {
        /// Lines of main.cf.
        var main: [String] = []
        /// Overrides of the entry that takes the mail of clients.
        var entry: [String] = []
        /// Overrides of the entry that takes mail back from the gateway.
        var reinjection: [String] = []
        /// Further entries of master.cf.
        var services: [String] = []
    }

    /// Why Postfix cannot be run here, for tests that are skipped.
    static let missing: Comment = "Postfix needs root, and to be unpacked by `make test-deps`"
    static let isPossible: Bool = {
        let fallback = Programs.package + "/build/tools/postfix"
        let tree = ProcessInfo.processInfo.environment["MAILREEVE_TEST_POSTFIX"] ?? fallback
        return Programs.isRoot
            && FileManager.default.isExecutableFile(atPath: tree + "/usr/lib/postfix/sbin/master")
    }()

    /// The tree that Postfix was unpacked into.
    static var tree: String {
        ProcessInfo.processInfo.environment["MAILREEVE_TEST_POSTFIX"] ?? Programs.package + "/build/tools/postfix"
    }

    private static let script = Programs.package + "/Tests/EndToEnd/postfix-instance"

    let scratch: Scratch
    /// Where clients come in.
    let port: Int
    /// Mail to example.net.
    let mailboxes: Maildir
    /// Mail to example.org: what Postfix tells the senders.
    let senders: Maildir
    var directory: String { scratch.path + "/postfix" }

    /// - Parameters:
    ///   - gateway: port of the gateway.
    ///   - reinjection: port where the gateway hands mail back.
    ///   - program: `mailreeve` and its configuration, for `pipe`.
    init(
        _ mode: Mode, gateway: Int? = nil, reinjection: Int? = nil,
        program: (path: String, configuration: String)? = nil,
        _ options: Options = Options()
    ) throws {
        scratch = try Scratch(.disk)
        port = try Ports.free()
        mailboxes = Maildir(path: scratch.path + "/maildir")
        senders = Maildir(path: scratch.path + "/postfix/senders")
        var arguments = ["start", directory, "--port", "\(port)", "--mode", mode.rawValue, "--maildir", mailboxes.path]
        if let gateway { arguments += ["--filter", "\(gateway)"] }
        if let reinjection { arguments += ["--reinject", "\(reinjection)"] }
        if let program { arguments += ["--mailreeve", program.path, "--config", program.configuration] }
        // Otherwise Postfix itself would change mail of clients on this machine.
        for line in ["local_header_rewrite_clients ="] + options.main { arguments += ["--main", line] }
        for line in options.entry { arguments += ["--entry", line] }
        for line in options.reinjection { arguments += ["--return", line] }
        for entry in options.services { arguments += ["--service", entry] }
        let result = try runTool(Self.script, arguments)
        try #require(result.status == 0, "\(result)")
    }

    deinit {
        // Its pid files say what is running; a failure leaves nothing else to do.
        _ = try? runTool(Self.script, ["stop", directory])
    }

    /// Runs a command of this instance: `postqueue`, `postcat`.
    @discardableResult
    func command(_ name: String, _ arguments: String...) throws -> ToolResult {
        try runTool(Self.script, ["exec", directory, name] + arguments)
    }

    /// The log so far.
    var log: [String] {
        // Postfix cuts texts wherever their length ends, within a character too.
        guard let bytes = FileManager.default.contents(atPath: directory + "/log") else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Waits for a line of the log that contains all of `texts`.
    @discardableResult
    func awaitLog(_ texts: String..., seconds: Double = 30) throws -> String {
        var found: String?
        do {
            try poll("\(texts) in Postfix's log", seconds: seconds) {
                found = log.first { line in texts.allSatisfy { line.contains($0) } }
                return found != nil
            }
        } catch {
            throw TimedOut("\(error); its last lines are\n\(log.suffix(12).joined(separator: "\n"))")
        }
        return found ?? ""
    }

    /// Waits until the queue is empty: every message was delivered, passed on or returned.
    func awaitEmptyQueue(seconds: Double = 60) throws {
        try poll("an empty queue", seconds: seconds) {
            try command("postqueue", "-p").text.contains("Mail queue is empty")
        }
    }
}

/// A Maildir that a test looks into.
struct Maildir: Sendable {
    let path: String

    /// A message in it.
    struct Entry {
        /// As it lies in the file: lines end in LF.
        let content: [UInt8]

        /// Values of header fields of this name, unfolded lines joined, in their order.
        func fields(_ name: String) -> [String] {
            TracedMail.header(content).filter { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
    }

    /// All messages.
    var entries: [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/new")) ?? []
        return names.sorted().compactMap { name in
            (try? Data(contentsOf: URL(fileURLWithPath: "\(path)/new/\(name)"))).map { Entry(content: Array($0)) }
        }
    }

    /// Messages that were delivered to this address.
    func entries(to recipient: String) -> [Entry] {
        entries.filter { $0.fields("Delivered-To").first == recipient }
    }

    /// Waits for a message to this address.
    @discardableResult
    func await(to recipient: String, seconds: Double = 30) throws -> Entry {
        var found: Entry?
        try poll("mail to \(recipient) in \(path)", seconds: seconds) {
            found = entries(to: recipient).first
            return found != nil
        }
        return try #require(found)
    }
}

/// A delivered message, parted into what mail systems put on top and what was sent.
///
/// On top stand, in this order: `Return-Path`, `X-Original-To` and `Delivered-To` of Postfix's delivery; the `Received` of
/// Postfix's re-injection; the gateway's `X-Virus-Scanned`, `X-Mailreeve-Alert`, `X-Mailreeve-Unchecked` and `X-Spam-...`, as far
/// as it adds them, and its `Received`; the `Received` of Postfix's entry. Without a filter the middle is absent. Nothing else is taken off.
struct TracedMail {
    /// The fields that were taken off, folded lines joined by a blank.
    var trace: [String] = []
    /// What was sent, with LF as line end: the form in which Postfix stores it.
    var rest: [UInt8]

    /// - Parameter filtered: true for mail that went through the gateway, and came back to Postfix.
    init(_ content: [UInt8], filtered: Bool) throws {
        var position = 0
        func next() -> (field: String, end: Int)? {
            guard position < content.count, let end = Self.fieldEnd(content, from: position) else { return nil }
            return (Self.unfolded(content[position..<end]), end)
        }
        var wanted: [(prefix: String, part: String, optional: Bool)] = [
            ("Return-Path: ", "", false), ("X-Original-To: ", "", false), ("Delivered-To: ", "", false),
        ]
        let postfix = ("Received: from ", "by mx.example.net (Postfix)", false)
        if filtered {
            wanted += [
                postfix, ("X-Virus-Scanned: ", "mailreeve", true), ("X-Mailreeve-Alert: BAD HEADER", "", true),
                ("X-Mailreeve-Unchecked: ", "", true), ("X-Spam-Flag: ", "", true), ("X-Spam-Score: ", "", true),
                ("X-Spam-Level: ", "", true), ("X-Spam-Status: ", "", true),
                ("Received: from ", "by gateway.example (mailreeve)", false),
            ]
        }
        // pipe(8) and the gateway's own client for it give no Received field of their own.
        wanted.append(postfix)
        for (prefix, part, optional) in wanted {
            guard let (field, end) = next(), field.hasPrefix(prefix), part.isEmpty || field.contains(part) else {
                if optional { continue }
                throw TimedOut(
                    "the field \(prefix)...\(part) on top; the mail is\n\(String(decoding: content.prefix(2000), as: UTF8.self))"
                )
            }
            trace.append(field)
            position = end
        }
        rest = Array(content[position...])
    }

    /// Fields of a header with folded lines joined.
    static func header(_ content: [UInt8]) -> [String] {
        var fields: [String] = []
        var position = 0
        while position < content.count, content[position] != 0x0A, let end = fieldEnd(content, from: position) {
            fields.append(unfolded(content[position..<end]))
            position = end
        }
        return fields
    }

    /// A message without the header fields of these names.
    static func without(_ names: [String], _ content: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var position = 0
        while position < content.count, content[position] != 0x0A, let end = fieldEnd(content, from: position) {
            let field = unfolded(content[position..<end]).lowercased()
            if !names.contains(where: { field.hasPrefix($0.lowercased() + ":") }) { kept += content[position..<end] }
            position = end
        }
        return kept + content[position...]
    }

    /// Behind the line end of the field that begins there, its folded lines included.
    private static func fieldEnd(_ content: [UInt8], from start: Int) -> Int? {
        var position = start
        repeat {
            guard let end = content[position...].firstIndex(of: 0x0A) else { return nil }
            position = end + 1
        } while position < content.count && (content[position] == 0x20 || content[position] == 0x09)
        return position
    }

    private static func unfolded(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field, as: UTF8.self).split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    }
}

/// Where two messages begin to differ, with what stands there; nil when they are the same.
func difference(_ found: [UInt8], _ expected: [UInt8]) -> String? {
    if found == expected { return nil }
    let same = zip(found, expected).prefix { $0 == $1 }.count
    func around(_ bytes: [UInt8]) -> String {
        String(decoding: bytes[max(0, same - 60)..<min(bytes.count, same + 60)], as: UTF8.self).debugDescription
    }
    return "at octet \(same) of \(found.count) and \(expected.count): \(around(found)) instead of \(around(expected))"
}
