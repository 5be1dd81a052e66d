import Glibc

/// A bar, or a dot for each message, on standard error (`--progress`, `--showdots`). The bar becomes dots where there is no
/// terminal.
struct LearnProgress {
    private static let width = 40

    private let showsBar: Bool
    private let showsDots: Bool
    /// Octets of all files; 0 where nobody knows.
    private let total: Int
    private var shown = -1
    private var furthest = 0

    init(_ options: LearnOptions, total: Int) {
        showsBar = options.showsProgress && isatty(2) == 1
        showsDots = !showsBar && (options.showsDots || options.showsProgress)
        self.total = total
    }

    /// One message was looked at.
    /// - Parameters:
    ///   - position: octets of all files up to its end.
    ///   - messages: looked at so far.
    mutating func advance(position: Int, messages: Int) {
        if showsDots { Terminal.write([0x2E], to: 2) }
        guard showsBar else { return }
        // Messages are done in another order than they stand in.
        furthest = max(furthest, position)
        let percent = total == 0 ? 0 : min(100, Int(Double(furthest) * 100 / Double(total)))
        // Now and then where the end is not known.
        guard total == 0 ? messages % 100 == 1 : percent != shown else { return }
        shown = percent
        draw(percent, messages)
    }

    /// All messages were looked at.
    mutating func finish(messages: Int) {
        if showsBar { draw(100, messages) }
        if showsBar || showsDots { Terminal.write([0x0A], to: 2) }
    }

    private func draw(_ percent: Int, _ messages: Int) {
        let filled = percent * Self.width / 100
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: Self.width - filled)
        Terminal.write(Array("\r[\(bar)] \(percent)%, \(messages) messages".utf8), to: 2)
    }
}
