internal import Bytes

/// Follows the elements of HTML with a stack of bounded depth, and sorts the text by whether it is seen.
struct HTMLReader {
    struct Open {
        var name: HTMLName
        var element: HTMLElement
        var style: HTMLStyle
        var isPreformatted: Bool
        /// It begins and ends a line, or a cell.
        var breaksLine: Bool
        /// What of the first line was off the page in the block around; nil for what is none.
        var outerIndent: Int?
        /// Names an end tag can reach from inside this element.
        var reach: HTMLReach
        /// What selectors call it, and what they call it and those around it.
        var marks: HTMLMarks
        var around: HTMLMarks
        /// What is said of it, and what it is drawn as.
        var effects: HTMLEffects
        var box: HTMLEffects.Box
        /// What is in it is part of a drawing or a formula.
        var isForeign: Bool
    }

    var content = HTMLContent()
    let limits: HTMLLimits
    var tokenizer: HTMLTokenizer
    var stack: [Open] = []
    var style = HTMLStyle()
    var sheet = HTMLStyleSheet()
    var isPreformatted = false
    /// A form began and none ended.
    var isFormOpen = false
    /// It is drawn as old browsers did; a page that says of which type it is may be.
    private(set) var quirks = HTMLAnswer.always
    /// The page says of which type it is.
    var hasDoctype: Bool { quirks < .always }
    /// The style of its `body`; nil where that is not known.
    var bodyStyle: HTMLStyle?
    /// It stands in an attribute of another page.
    private let isFramed: Bool
    /// Octets of the line that is written that are off the page.
    var indent = 0
    /// Pixels of an octet of text, about.
    private static let letterWidth = 6.0
    var visible: HTMLTextBuffer
    var hidden: HTMLTextBuffer
    private var decoded: [UInt8] = []
    /// The anchor that is open, and where its text begins.
    var anchor: (link: Int, visibleStart: Int, hiddenStart: Int)?
    private var wasHidden = false
    /// The element that hides what is hidden is a block by its name.
    private var isBlockHidden = false
    private var sight = HTMLEndSight()

    init(limits: HTMLLimits, isFramed: Bool = false) {
        self.limits = limits
        self.isFramed = isFramed
        tokenizer = HTMLTokenizer(attributeLimit: limits.attributes)
        visible = HTMLTextBuffer(limit: limits.textSize)
        hidden = HTMLTextBuffer(limit: limits.textSize)
    }

    mutating func read(_ html: Span<UInt8>) {
        quirks = isFramed ? .never : Self.quirks(html)
        sheet.hasUnits = hasDoctype
        readStyleSheets(html)
        styleRoots()
        bodyStyle = style
        var start = 0
        while let token = tokenizer.next(html) {
            switch token {
            case .text(let range):
                if drawnCode(html, range, start) { break }
                let inner = style
                // Blanks stay in the table.
                if let outer = styleBeforeTable, range.contains(where: { html[$0] > 0x20 }) { style = outer }
                text(html, range, hasReferences: true)
                style = inner
            case .startTag: begin(html, start)
            case .endTag:
                sight.end(tokenizer.name, isHidden: style.isHidden || style.indent > 0 || anchor != nil)
                end(tokenizer.name)
            case .comment(let range): comment(html, range)
            }
            start = tokenizer.position
        }
        content.endsUnseen = sight.isEndUnseen(isHidden: style.isHidden || style.indent > 0 || anchor != nil)
        endAnchor()
        content.visible = visible.bytes
        content.hidden = hidden.bytes
        if visible.isFull || hidden.isFull || tokenizer.hasTooManyAttributes { content.notes.insert(.limitReached) }
        if tokenizer.endsInMarkup { content.notes.insert(.endsInMarkup) }
    }

    // MARK: text

    private mutating func text(_ html: Span<UInt8>, _ range: Range<Int>, hasReferences: Bool) {
        var start = range.lowerBound
        if indent > 0, !style.isHidden {
            // Up to the end of the word that reaches the page, or of the line.
            while start < range.upperBound, indent > 0 || html[start] > 0x20 {
                if isPreformatted, html[start] == 0x0A {
                    indent = 0
                    break
                }
                if html[start] > 0x20 { indent -= 1 }
                start += 1
            }
            indent = max(0, indent)
            text(html, range.lowerBound..<start, hasReferences, isHidden: true)
        }
        text(html, start..<range.upperBound, hasReferences, isHidden: style.isHidden)
    }

    private mutating func text(_ html: Span<UInt8>, _ range: Range<Int>, _ hasReferences: Bool, isHidden: Bool) {
        guard !range.isEmpty else { return }
        // A word goes on where it was left, only unseen letters stand between. Behind a word a block that is not there is honest.
        let isWithinWord = visible.endsInWord && html[range.lowerBound] > 0x20
        if isWithinWord, isHidden ? !isBlockHidden : wasHidden { content.notes.insert(.hidesWithinWord) }
        if isHidden != wasHidden {
            if isHidden { hidden.breakLine() }
            wasHidden = isHidden
        }
        if isHidden {
            Self.add(html, range, hasReferences, isPreformatted, &decoded, to: &hidden)
        } else {
            Self.add(html, range, hasReferences, isPreformatted, &decoded, to: &visible)
        }
    }

    private static func add(
        _ html: Span<UInt8>, _ range: Range<Int>, _ hasReferences: Bool, _ isPreformatted: Bool,
        _ decoded: inout [UInt8], to buffer: inout HTMLTextBuffer
    ) {
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = html[index]
            if byte > 0x20 {
                if byte == 0x26, hasReferences {
                    decoded.removeAll(keepingCapacity: true)
                    let length = HTMLEntities.decode(
                        html, index, end: range.upperBound, isAttribute: false, into: &decoded)
                    if length > 0 {
                        for octet in decoded { add(octet, isPreformatted, to: &buffer) }
                        index += length
                        continue
                    }
                }
                // A run of letters at once.
                let start = index
                repeat { index += 1 } while index < range.upperBound && html[index] > 0x20 && html[index] != 0x26
                buffer.append(html, start..<index)
            } else {
                add(byte, isPreformatted, to: &buffer)
                index += 1
            }
        }
    }

    private static func add(_ byte: UInt8, _ isPreformatted: Bool, to buffer: inout HTMLTextBuffer) {
        switch byte {
        case 0x0A where isPreformatted: buffer.breakLine()
        case 0x20, 0x09, 0x0A, 0x0C, 0x0D: buffer.addBlank()
        // NUL is dropped by readers.
        case 0: break
        default: buffer.append(byte)
        }
    }

    private mutating func comment(_ html: Span<UInt8>, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        if html.hasPrefix(ignoringCase: "[if", from: range.lowerBound) { content.notes.insert(.hasConditionalComment) }
        keep(html, range, in: \.comments)
    }

    /// Keeps the octets of a comment or script, and a line end behind them.
    mutating func keep(_ html: Span<UInt8>, _ range: Range<Int>, in kept: WritableKeyPath<HTMLContent, [UInt8]>) {
        let room = limits.textSize - content[keyPath: kept].count - 1
        guard !range.isEmpty else { return }
        guard room > 0 else {
            content.notes.insert(.limitReached)
            return
        }
        if range.count > room { content.notes.insert(.limitReached) }
        html.extracting(range.prefix(room)).withUnsafeBufferPointer { content[keyPath: kept].append(contentsOf: $0) }
        content[keyPath: kept].append(0x0A)
    }

    // MARK: elements

    private mutating func begin(_ html: Span<UInt8>, _ offset: Int) {
        let name = tokenizer.name
        let element = HTMLElement.known(name)
        sight.begin(name, element)
        guard closeImplied(name, element) else { return links(html, name, offset) }
        let isDrawn = stack.last?.isForeign == true
        // Without a table there are no parts of one.
        if element.contains(.tablePart), name != Names.table, !isInTable {
            breakLine(element)
            return links(html, name, offset)
        }
        var outer = style
        if !element.contains(.tablePart), !Self.tableContents.contains(name), let shown = styleBeforeTable {
            style = shown
        }
        let wasPreformatted = isPreformatted
        let outerIndent = indent
        let applied = applyAttributes(html, element, name)
        if applied.breaksLine || element.contains(.lineBreak) {
            // A box whose words are hidden ends the line around nevertheless.
            let inner = style
            style = outer
            breakLine(element)
            style = inner
        }
        if element.contains(.lineBreak) { indent = 0 }
        if applied.isBlock { indent = Int(min(style.indent / Self.letterWidth, Double(Int32.max))) }
        links(html, name, offset)
        if element.contains(.field), !isDrawn { takeField(html, name) }
        let isOpened =
            name == Names.datalist && applied.effects.sets(.display) && !applied.effects.hides(.display)
        let isCodeOfDrawing = isDrawn && (element.contains(.code) || name == Names.title)
        if element.contains(.unseen) && !isOpened || isCodeOfDrawing { style.isGone = true }
        if style.isHidden, !outer.isHidden {
            hidden.breakLine()
            isBlockHidden = element.contains(.block)
        }
        // In a drawing or a formula none has raw text.
        if !isDrawn, element.contains(.raw) || element.contains(.rawWithReferences) {
            rawElement(html, name, element, offset, applied.effects)
            style = outer
            isPreformatted = wasPreformatted
            if applied.isBlock { indent = 0 }
            return
        }
        // Columns are behind cells that do not stand in them.
        if name == Names.col || name == Names.colgroup, isInTable, applied.effects.paints { outer.background = nil }
        // Forms in a table outside of its cells are empty.
        let isEmpty =
            element.contains(.void) || name == Names.form && styleBeforeTable != nil
            || (isDrawn || name == Names.svg || name == Names.math) && tokenizer.isSelfClosing(html)
        guard !isEmpty else {
            style = outer
            if name == Names.meta { darken(html) }
            return
        }
        // A page has one body: a second one adds what the first does not say.
        let isSecond = name == Names.body || name == Names.html
        if isSecond, stack.contains(where: { $0.name == name }), style.isHidden {
            style = outer
            return
        }
        if name == Names.plaintext {
            text(html, tokenizer.rest(html), hasReferences: false)
            return
        }
        guard stack.count < limits.depth else {
            content.notes.insert(.tooDeep)
            style = outer
            return
        }
        if name == Names.body { bodyStyle = isInBody ? nil : style }
        if element.contains(.preformatted) { isPreformatted = true }
        var reach = stack.last?.reach ?? HTMLReach()
        reach.enter(name, element)
        let isIntegrated = isDrawn && holdsHTML(html, name)
        // Letters of drawings alone have a colour that is not known.
        if isIntegrated, let drawing = stack.last(where: { $0.name == Names.svg }) { style.fill = drawing.style.fill }
        stack.append(
            Open(
                name: name, element: element, style: outer, isPreformatted: wasPreformatted,
                breaksLine: applied.breaksLine,
                outerIndent: applied.isBlock ? (applied.isInline ? outerIndent : 0) : nil, reach: reach,
                marks: applied.marks, around: (stack.last?.around ?? HTMLMarks()) | applied.marks,
                effects: applied.effects,
                box: applied.box,
                isForeign: (isDrawn || name == Names.svg || name == Names.math) && !isIntegrated)
        )
    }

    /// What stands in this element of a drawing or a formula is HTML again (HTML section 13.2.6, integration points).
    private func holdsHTML(_ html: Span<UInt8>, _ name: HTMLName) -> Bool {
        let root = stack.last { $0.name == Names.svg || $0.name == Names.math }?.name
        guard root == Names.math else { return root == Names.svg && Self.textsInDrawings.contains(name) }
        guard name == Names.annotation else { return Self.textsInFormulas.contains(name) }
        let encoding = tokenizer.value(Names.encoding).map { HTMLEntities.decoded(html, $0, isAttribute: true) } ?? []
        return ["text/html", "application/xhtml+xml"].contains(
            String(decoding: encoding.map(asciiLower), as: UTF8.self))
    }

    private static let textsInDrawings = Set(["foreignobject", "desc", "title"].map { HTMLName($0) } as [HTMLName])
    private static let textsInFormulas = Set(["mi", "mo", "mn", "ms", "mtext"].map { HTMLName($0) } as [HTMLName])

    mutating func breakLine(_ element: HTMLElement) {
        if element.contains(.cell) {
            visible.addBlank()
            hidden.addBlank()
        } else if style.isHidden {
            hidden.breakLine()
        } else {
            visible.breakLine()
        }
    }

    private mutating func rawElement(
        _ html: Span<UInt8>, _ name: HTMLName, _ element: HTMLElement, _ offset: Int, _ effects: HTMLEffects
    ) {
        let range = tokenizer.rawText(html)
        // Browsers hide code by a style, which a page may change; and the head with all in it.
        if element.contains(.code), effects.sets(.display), !effects.hides(.display), isInBody {
            text(html, range, hasReferences: false)
        }
        if name == Names.script {
            content.notes.insert(.hasScript)
            keep(html, range, in: \.scripts)
        }
        if name == Names.styleElement {
            let text = html.extracting(range).array
            styleLinks(text, offset)
        } else if name == Names.title {
            take(title: html, range)
        } else if !element.contains(.code) {
            if element.contains(.preformatted) { isPreformatted = true }
            if name == Names.textarea { takePlaceholder(html, ofArea: range) }
            text(html, range, hasReferences: element.contains(.rawWithReferences))
        }
    }

    private mutating func take(title html: Span<UInt8>, _ range: Range<Int>) {
        guard content.title.isEmpty else { return }
        content.title = Array(HTMLEntities.decoded(html, range, isAttribute: false).prefix(limits.linkSize))
    }

    /// Script, style or title in a drawing is text with references like any other there, and stays what it is. True when it is.
    private mutating func drawnCode(_ html: Span<UInt8>, _ range: Range<Int>, _ offset: Int) -> Bool {
        switch stack.last?.name {
        case Names.title: take(title: html, range)
        case Names.script:
            content.notes.insert(.hasScript)
            let script = HTMLEntities.decoded(html, range, isAttribute: false)
            keep(script.span, script.indices, in: \.scripts)
        case Names.styleElement: styleLinks(HTMLEntities.decoded(html, range, isAttribute: false), offset)
        default: return false
        }
        return true
    }
}
