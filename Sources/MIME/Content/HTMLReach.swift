/// Which end tags can find their element among those that are open: a bit for each name, so that hostile rows of end
/// tags do not search the stack. A bit may say yes wrongly.
struct HTMLReach {
    /// Up to the innermost special element: end tags of those that are neither special nor formatting.
    private var inline: UInt64 = 0
    /// Up to the innermost scope: end tags of blocks and formatting.
    private var block: UInt64 = 0
    /// All: end tags of tables and their parts, and of `template`.
    private var table: UInt64 = 0

    mutating func enter(_ name: HTMLName, _ element: HTMLElement) {
        let bit = Self.bit(name)
        inline = element.contains(.special) ? bit : inline | bit
        block = element.contains(.scope) ? bit : block | bit
        table |= bit
    }

    func contains(_ name: HTMLName, _ element: HTMLElement) -> Bool {
        let isOuter = element.contains(.tablePart) || element.contains(.unseen)
        let bits = isOuter ? table : element.isDisjoint(with: [.special, .formatting]) ? inline : block
        return bits & Self.bit(name) != 0
    }

    /// The end tag of one heading ends each.
    private static func bit(_ name: HTMLName) -> UInt64 {
        (HTMLReader.Names.headings.contains(name) ? HTMLReader.Names.h1 : name).bit
    }
}
