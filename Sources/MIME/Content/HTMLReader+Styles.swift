internal import Bytes

/// How an element is drawn: what browsers say of it themselves, its attributes and the rules of the page.
extension HTMLReader {
    /// What an element is by its attributes and by what rules say of it.
    struct Applied {
        var effects: HTMLEffects
        var box: HTMLEffects.Box
        /// What selectors call the element.
        var marks: HTMLMarks
        /// It has lines of its own, and stands in the line around nevertheless.
        var isBlock: Bool
        var isInline: Bool
        /// It ends the line around.
        var breaksLine: Bool
    }

    mutating func applyAttributes(
        _ html: Span<UInt8>, _ element: HTMLElement, _ name: HTMLName
    ) -> Applied {
        var effects = element.contains(.ownLook) ? look(html, name) : HTMLEffects()
        let isForeign = name == Names.svg || name == Names.math || stack.last?.isForeign == true
        var inline: HTMLEffects?
        for attribute in tokenizer.attributes {
            switch attribute.name {
            case Names.style:
                var found = HTMLEffects()
                found.add(
                    style: HTMLEntities.decoded(html, attribute.value, isAttribute: true), hasUnits: hasDoctype)
                inline = inline ?? found
            case Names.hidden:
                effects.add(hiding: .display)
            case Names.bgcolor where !Self.painted.contains(name):
                // Some readers may paint others, too.
                effects.add(hiding: .backgroundImage)
            case Names.bgcolor:
                effects.add(color: HTMLEntities.decoded(html, attribute.value, isAttribute: true), isBackground: true)
            case Names.align, Names.dir:
                let value = HTMLEntities.decoded(html, attribute.value, isAttribute: true).map(asciiLower)
                if value == Array("right".utf8) || value == Array("rtl".utf8) { effects.add(hiding: .endAlignment) }
            case Names.background:
                effects.add(hiding: .backgroundImage)
            case Names.color where name == Names.font, Names.text where name == Names.body:
                effects.add(color: HTMLEntities.decoded(html, attribute.value, isAttribute: true), isBackground: false)
            case Names.size where name == Names.font:
                effects.add(legacySize: HTMLEntities.decoded(html, attribute.value, isAttribute: true))
            case Names.popover: effects.merge(Self.popoverLook)
            default:
                guard isForeign, let property = Self.drawn[attribute.name] else { continue }
                let value = HTMLEntities.decoded(html, attribute.value, isAttribute: true)
                effects.add(style: property + value, hasUnits: false)
            }
        }
        var marks = HTMLMarks()
        if !sheet.isEmpty {
            func value(_ name: HTMLName) -> [UInt8] {
                tokenizer.value(name).map { HTMLEntities.decoded(html, $0, isAttribute: true) } ?? []
            }
            let tag = html.extracting(tokenizer.nameRange).array.map(asciiLower)
            let match = sheet.match(
                HTMLSelectable(
                    tag: tag, classes: value(Names.classes), identifier: value(Names.id),
                    isHidden: tokenizer.value(Names.hidden) != nil, ignoresCase: !hasDoctype),
                around: stack.last?.around ?? HTMLMarks(), parent: stack.last?.marks ?? HTMLMarks())
            effects.merge(match.effects)
            marks = match.marks
        }
        if let inline { effects.merge(inline) }
        // One that was not read may be a style.
        if tokenizer.attributes.count >= limits.attributes { effects = effects.perhaps }
        if name != Names.html { effects.hiding.remove(.scheme) }
        // Letters of drawings have the colour `fill`.
        if isForeign, name == Names.svg || isInDrawing { effects.add(unknown: .fill) }
        let isOut = effects.hides(.float) || effects.hides(.lifted)
        let isBlock = isOut || (effects.sets(.display) ? effects.hides(.blockDisplay) : element.contains(.block))
        // What is pressed, chosen from or played has a box, too.
        let hasBox = isBlock || !element.isDisjoint(with: [.confining, .rawWithReferences, .field])
        let isCell = element.contains(.cell) && !isOut && !effects.sets(.display)
        let box: HTMLEffects.Box = isCell ? .cell : hasBox ? .block : .inline
        style.apply(effects, box)
        let isInline = isOut && name != Names.dialog || effects.hides(.inlineBlock)
        // What is not there, or elsewhere, cuts no word.
        return Applied(
            effects: effects, box: box, marks: marks, isBlock: isBlock, isInline: isInline,
            breaksLine: isBlock && !isInline && !effects.hides(.display))
    }

    /// The innermost drawing or formula around is a drawing.
    private var isInDrawing: Bool {
        stack.last { $0.name == Names.svg || $0.name == Names.math }?.name == Names.svg
    }

    /// Elements with a background by their old attribute (HTML section 15.3).
    private static let painted = Set(
        ["body", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "col", "colgroup", "marquee"].map {
            HTMLName($0)
        } as [HTMLName])

    /// Attributes of drawings and formulas that stand for properties (SVG 2, section 6.6; MathML Core, section 2.1.6).
    private static let drawn: [HTMLName: [UInt8]] = [
        HTMLName("font-size"): Array("font-size:".utf8), HTMLName("mathsize"): Array("font-size:".utf8),
        HTMLName("visibility"): Array("visibility:".utf8), HTMLName("letter-spacing"): Array("letter-spacing:".utf8),
        HTMLName("color"): Array("color:".utf8), HTMLName("mathcolor"): Array("color:".utf8),
        HTMLName("mathbackground"): Array("background-color:".utf8),
    ]
}
