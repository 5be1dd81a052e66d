/// Which elements tags open and close, as browsers build the tree (HTML section 13.2.6).
extension HTMLReader {
    /// A block ends an open paragraph; an item ends the one before it; a cell, a row or a section of a table what is
    /// open of the one before it.
    mutating func closeImplied(_ name: HTMLName, _ element: HTMLElement) {
        let reach = stack.last?.reach ?? HTMLReach()
        if name == Names.anchor || name == Names.nobr || name == Names.button {
            // None stands in another of its kind.
            guard (name == Names.button ? reach.block : reach.inline) & name.bit != 0,
                let index = stack.lastIndex(where: { $0.name == name || $0.element.contains(.cell) }),
                stack[index].name == name
            else { return }
            return pop(to: index)
        }
        guard element.contains(.block) || name == Names.hr else { return }
        if Names.headings.contains(name), let last = stack.last, Names.headings.contains(last.name) {
            pop(to: stack.count - 1)
        }
        if let level = Self.level(name) {
            var lowest: Int?
            var index = stack.count - 1
            while index >= 0, stack[index].name != Names.table {
                if let open = Self.level(stack[index].name), open <= level { lowest = index }
                index -= 1
            }
            if index >= 0, let lowest { pop(to: lowest) }
            return
        }
        guard let index = stack.lastIndex(where: { $0.element.contains(.block) }) else { return }
        let open = stack[index].name
        let isTerm = [Names.dt, Names.dd].contains(name) && [Names.dt, Names.dd].contains(open)
        if open == Names.paragraph || isTerm || (element.contains(.closesItself) && open == name) {
            pop(to: index)
        }
    }

    /// Cells within rows within sections of a table; nil for other elements.
    private static func level(_ name: HTMLName) -> Int? {
        switch name {
        case Names.td, Names.th: 0
        case Names.tr: 1
        case Names.tbody, Names.thead, Names.tfoot: 2
        default: nil
        }
    }

    mutating func end(_ name: HTMLName) {
        if name == Names.anchor { endAnchor() }
        let element = HTMLElement.known(name)
        if name == Names.br { return breakLine(element) }
        guard stack.last?.reach.contains(name, element) == true else {
            // An end without its paragraph is an empty paragraph.
            if name == Names.paragraph { breakLine(element) }
            return
        }
        // Not beyond a block for inline elements, not beyond a cell for what is no table: what was hidden there stays so.
        var index = stack.count - 1
        while index >= 0, stack[index].name != name {
            let passed = stack[index].element
            if !element.contains(.block), passed.contains(.block) { return }
            if !element.contains(.tablePart), passed.contains(.cell) { return }
            index -= 1
        }
        guard index >= 0 else { return }
        pop(to: index)
    }

    mutating func pop(to count: Int) {
        guard count < stack.count else { return }
        let broken = stack[count...].first(where: \.breaksLine)?.element
        if let broken { breakLine(broken) }
        style = stack[count].style
        isPreformatted = stack[count].isPreformatted
        if let outer = stack[count...].lazy.compactMap(\.outerIndent).first { indent = outer }
        stack.removeSubrange(count...)
        if let broken { breakLine(broken) }
    }

    /// A table may be open.
    var isInTable: Bool { stack.last.map { $0.reach.table & Names.table.bit != 0 } ?? false }

    /// The style around the table, where what stands in it outside of its cells is put before it (HTML section 13.2.6.1).
    var styleBeforeTable: HTMLStyle? {
        guard let last = stack.last?.element, last.contains(.tablePart), !last.contains(.cell) else { return nil }
        return stack.last { $0.name == Names.table }?.style
    }

    /// What may stand in a table outside of its cells.
    static let tableContents: Set = [
        Names.script, Names.styleElement, Names.template, Names.form, HTMLName("col"), HTMLName("colgroup"),
        HTMLName("input"),
    ]
}
