import Checks
import Configuration
import Gateway
import Glibc
import Linux
import MailModel

/// The texts of `attachment_checks` for each message that is replayed. Archives are opened by inspector workers; the closed
/// process that looks the texts up gets them over a pipe.
struct ReplayedFiles {
    private var messages: [[[UInt8]]] = []

    /// Octets that come over the pipe.
    static let sizeLimit = 1 << 30
    /// Stands where the count of a message's texts would be, behind the last.
    private static let end = UInt32.max

    /// Reads what `send` writes, to the end.
    /// - Returns: nil when it ended too early.
    init?(from pipe: Descriptor) {
        guard let bytes = try? MailFile.readAll(pipe.raw, limit: Self.sizeLimit, "the files of the mail") else {
            return nil
        }
        var rest = bytes[...]
        func number() -> UInt32? {
            guard rest.count >= 4 else { return nil }
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        }
        while let count = number() {
            if count == Self.end { return }
            var texts: [[UInt8]] = []
            for _ in 0..<count {
                guard let length = number(), rest.count >= length else { return nil }
                texts.append(Array(rest.prefix(Int(length))))
                rest = rest.dropFirst(Int(length))
            }
            messages.append(texts)
        }
        return nil
    }

    /// The texts of a message, counted from 0.
    subscript(_ number: Int) -> [[UInt8]] { messages.indices.contains(number) ? messages[number] : [] }

    /// Gives up root for good, for the user of the closed process, whose directory is removed behind it. Called while there is
    /// one thread.
    /// - Returns: the settings for ``send(_:_:to:)``.
    static func giveUpRoot(_ configured: Settings) throws -> Settings {
        var settings = configured
        (settings.user, settings.group) = ("nobody", nil)
        try Identity(settings).assume()
        return settings
    }

    /// Lets inspector workers look into the messages, and writes the texts of each.
    static func send(_ messages: some Sequence<[UInt8]>, _ settings: Settings, to pipe: Descriptor) async throws {
        let inspector = ProgramPath.inspector
        let reader = try await TokenReader.launch(
            settings, inspectorPath: inspector, log: { Terminal.printError("rules replay: \($0)") },
            workspaceMade: { try Interruption().watch($0) })
        for (number, message) in messages.enumerated() {
            var texts: [[UInt8]] = []
            do {
                for part in try await reader.parts(of: message) {
                    texts += DecodedTexts.file(names: part.names, types: [part.declaredType, part.detectedType])
                }
            } catch {
                Terminal.printError("rules replay: the files of message \(number + 1) are not seen: \(error)")
            }
            Terminal.write(octets(UInt32(clamping: texts.count)), to: pipe.raw)
            for text in texts { Terminal.write(octets(UInt32(clamping: text.count)) + text, to: pipe.raw) }
        }
        await reader.close()
        Terminal.write(octets(end), to: pipe.raw)
    }

    private static func octets(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
