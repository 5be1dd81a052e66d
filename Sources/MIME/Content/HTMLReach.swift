/// Which end tags can find their element among those that are open: a bit for each name, so that hostile rows of end
/// tags do not search the stack. A bit may say yes wrongly.
struct HTMLReach {
    /// Up to the innermost block: end tags of inline elements and paragraphs.
    var inline: UInt64 = 0
    /// Up to the innermost cell: end tags of blocks.
    var block: UInt64 = 0
    /// All: end tags of tables and their parts.
    var table: UInt64 = 0

    mutating func enter(_ name: HTMLName, _ element: HTMLElement) {
        let bit = name.bit
        inline = element.contains(.block) ? bit : inline | bit
        block = element.contains(.cell) ? bit : block | bit
        table |= bit
    }

    func contains(_ name: HTMLName, _ element: HTMLElement) -> Bool {
        let bits = element.contains(.tablePart) ? table : element.contains(.block) ? block : inline
        return bits & name.bit != 0
    }
}
