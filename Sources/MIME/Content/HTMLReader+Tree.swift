internal import Bytes

/// Which elements tags open and close, as browsers build the tree (HTML section 13.2.6).
extension HTMLReader {
    /// Of formatting that goes on behind an element.
    private static let mostGoingOn = 16

    /// The place of the innermost element that `isWanted`, without those around one that `ends` the search.
    private func place(_ isWanted: (Open) -> Bool, ends: (Open) -> Bool) -> Int? {
        guard let index = stack.lastIndex(where: { isWanted($0) || ends($0) }), isWanted(stack[index]) else {
            return nil
        }
        return index
    }

    private func placeInScope(_ name: HTMLName) -> Int? {
        place({ $0.name == name }, ends: { $0.element.contains(.scope) })
    }

    // MARK: start tags

    /// Ends what the tag of an element ends.
    /// - Returns: false for a tag that opens nothing: a form in a form, a list of choices in one, the head.
    mutating func closeImplied(_ name: HTMLName, _ element: HTMLElement) -> Bool {
        if stack.last?.isForeign == true {
            guard element.contains(.endsDrawing) || name == Names.font && hasLooks else { return true }
            leaveDrawing()
        }
        let reach = stack.last?.reach ?? HTMLReach()
        switch name {
        case Names.head: return false
        case Names.form where isFormOpen: return false
        case Names.form: isFormOpen = true
        case Names.anchor, Names.nobr:
            // None stands in another of its kind.
            if reach.contains(name, element) { endFormatting(name) }
        case Names.button, Names.select, Names.input:
            let ended = name == Names.button ? name : Names.select
            let open = ended == Names.button ? placeInScope(ended) : stack.lastIndex { $0.element.contains(.scope) }
            guard let open, stack[open].name == ended else { break }
            pop(to: open)
            if name == Names.select { return false }
        case Names.li, Names.dt, Names.dd:
            let names: Set = name == Names.li ? [Names.li] : [Names.dt, Names.dd]
            let passed: Set = [Names.paragraph, Names.div, Names.address]
            let open = place(
                { names.contains($0.name) }, ends: { $0.element.contains(.special) && !passed.contains($0.name) })
            if let open { pop(to: open) }
        case Names.option, Names.optgroup:
            for ended in name == Names.option ? [Names.option] : [Names.option, Names.optgroup]
            where stack.last?.name == ended { pop(to: stack.count - 1) }
        case _ where Names.rubyParts.contains(name):
            while let last = stack.last, last.element.contains(.implied) { pop(to: stack.count - 1) }
        case _ where Names.headings.contains(name):
            closeParagraph()
            if let last = stack.last, Names.headings.contains(last.name) { pop(to: stack.count - 1) }
        default: break
        }
        if let level = Self.level(name) { clear(to: level) }
        // In a page without a type a table stands in its paragraph. Which type has that effect is not looked at: it is seen, then.
        if element.contains(.endsParagraph) || name == Names.table && hasDoctype && style.isHidden { closeParagraph() }
        return true
    }

    private mutating func closeParagraph() {
        let open = place(
            { $0.name == Names.paragraph }, ends: { $0.element.contains(.scope) || $0.name == Names.button })
        if let open { pop(to: open) }
    }

    /// `font` with a colour, a face or a size.
    private var hasLooks: Bool {
        [Names.color, Names.face, Names.size].contains { tokenizer.value($0) != nil }
    }

    private mutating func leaveDrawing() {
        if let index = stack.lastIndex(where: { !$0.isForeign }) { pop(to: index + 1) } else { pop(to: 0) }
    }

    /// Cells stand within rows within sections of a table: what they may stand in by number; nil for other elements.
    private static func level(_ name: HTMLName) -> Int? {
        switch name {
        case Names.td, Names.th: 2
        case Names.tr: 1
        case Names.tbody, Names.thead, Names.tfoot, Names.caption, Names.colgroup, Names.col, Names.table: 0
        default: nil
        }
    }

    /// Ends what is open in the innermost table, but for what a part of `level` may stand in.
    private mutating func clear(to level: Int) {
        guard let table = place({ $0.name == Names.table }, ends: { $0.name == Names.template }) else { return }
        let sections: Set = [Names.tbody, Names.thead, Names.tfoot]
        let index = stack[(table + 1)...].firstIndex { open in
            !(level > 0 && sections.contains(open.name) || level > 1 && open.name == Names.tr)
        }
        // A table in a cell is one of its own, others end the one that they are in.
        if tokenizer.name == Names.table {
            let isInside = stack[(table + 1)...].contains { $0.element.contains(.cell) }
            if !isInside, styleBeforeTable != nil { pop(to: table) }
        } else if let index {
            pop(to: index, goesOn: false)
        }
    }

    // MARK: end tags

    mutating func end(_ name: HTMLName) {
        if name == Names.anchor { endAnchor() }
        let element = HTMLElement.known(name)
        if stack.last?.isForeign == true {
            if name == Names.paragraph || name == Names.br { leaveDrawing() }
            if let open = place({ $0.name == name }, ends: { !$0.isForeign }) { return pop(to: open) }
        }
        switch name {
        case Names.br: return breakLine(element)
        // What stands behind is part of the page.
        case Names.body, Names.html: return
        case Names.form: return endForm()
        // Rows and sections without tags of their own.
        case Names.tr where isInTable, Names.tbody where isInTable:
            if place({ $0.name == name }, ends: { $0.name == Names.table }) == nil {
                return clear(to: name == Names.tr ? 1 : 0)
            }
        default: break
        }
        guard stack.last?.reach.contains(name, element) == true else {
            // An end without its paragraph is an empty paragraph.
            if name == Names.paragraph { breakLine(element) }
            return
        }
        if element.contains(.formatting) { return endFormatting(name) }
        let isHeading = Names.headings.contains(name)
        let open = place({ $0.name == name || isHeading && Names.headings.contains($0.name) }) { open in
            if name == Names.template { return false }
            if element.contains(.tablePart) { return open.name == Names.table || open.name == Names.template }
            guard element.contains(.special) else { return open.element.contains(.special) }
            return open.element.contains(.scope) || name == Names.li && (open.name == Names.ol || open.name == Names.ul)
                || name == Names.paragraph && open.name == Names.button
        }
        if let open { pop(to: open) }
    }

    /// What stands in a form stays in it when that ends before it.
    private mutating func endForm() {
        isFormOpen = false
        guard let open = placeInScope(Names.form) else { return }
        if stack[(open + 1)...].allSatisfy({ $0.element.contains(.implied) }) { return pop(to: open) }
        stack[open + 1].style = stack[open].style
        stack.remove(at: open)
    }

    /// Ends the innermost element of formatting of a name. Blocks that it had begun around stand beside it from here on (the
    /// adoption agency algorithm, HTML section 13.2.6.4.7, as far as styles go).
    private mutating func endFormatting(_ name: HTMLName) {
        guard let open = placeInScope(name) else { return }
        guard let block = stack[(open + 1)...].firstIndex(where: { $0.element.contains(.special) }) else {
            return pop(to: open)
        }
        var outer = stack[open].style
        let kept = stack[(open + 1)..<block].filter { $0.element.contains(.formatting) } + stack[block...]
        stack.removeSubrange(open...)
        for var element in kept {
            element.style = outer
            outer.apply(element.effects, element.box)
            if element.element.contains(.unseen) { outer.isGone = true }
            stack.append(element)
        }
        style = outer
    }

    /// - Parameter goesOn: formatting that had begun in what is closed goes on behind it, as it does but for what stands in a
    ///   table outside of its cells.
    mutating func pop(to count: Int, goesOn: Bool = true) {
        guard count < stack.count else { return }
        let broken = stack[count...].first(where: \.breaksLine)?.element
        if let broken { breakLine(broken) }
        style = stack[count].style
        isPreformatted = stack[count].isPreformatted
        if let outer = stack[count...].lazy.compactMap(\.outerIndent).first { indent = outer }
        let formatting =
            goesOn && !stack[count].element.contains(.marker)
            ? stack[(count + 1)...].prefix { !$0.element.contains(.marker) }
                .filter { $0.element.contains(.formatting) && !$0.effects.declared.isEmpty } : []
        stack.removeSubrange(count...)
        if let broken { breakLine(broken) }
        for var element in formatting.suffix(Self.mostGoingOn) {
            element.style = style
            element.reach = stack.last?.reach ?? HTMLReach()
            element.reach.enter(element.name, element.element)
            element.around = (stack.last?.around ?? HTMLMarks()) | element.marks
            style.apply(element.effects, element.box)
            stack.append(element)
        }
    }

    // MARK: tables

    /// A table may be open.
    var isInTable: Bool { stack.last.map { $0.reach.contains(Names.table, .tablePart) } ?? false }

    /// The style around the table, where what stands in it outside of its cells is put before it (HTML section 13.2.6.1).
    var styleBeforeTable: HTMLStyle? {
        guard let last = stack.last?.element, last.contains(.tablePart), !last.contains(.cell) else { return nil }
        return stack.last { $0.name == Names.table }?.style
    }

    /// What may stand in a table outside of its cells.
    static let tableContents: Set = [
        Names.script, Names.styleElement, Names.template, Names.form, Names.col, Names.input,
    ]
}
