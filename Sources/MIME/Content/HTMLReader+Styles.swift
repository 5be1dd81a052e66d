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
        var effects = look(name)
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
            case Names.bgcolor:
                effects.add(color: HTMLEntities.decoded(html, attribute.value, isAttribute: true), isBackground: true)
            case Names.align, Names.dir:
                let value = HTMLEntities.decoded(html, attribute.value, isAttribute: true).map(asciiLower)
                if value == Array("right".utf8) || value == Array("rtl".utf8) { effects.add(hiding: .endAlignment) }
            case Names.background:
                effects.add(hiding: .backgroundImage)
            case Names.color where name == Names.font, Names.text where name == Names.body:
                effects.add(color: HTMLEntities.decoded(html, attribute.value, isAttribute: true), isBackground: false)
            default: break
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
        let isOut = effects.hides(.float) || effects.hides(.lifted)
        let isBlock = isOut || (effects.sets(.display) ? effects.hides(.blockDisplay) : element.contains(.block))
        // What is pressed, chosen from or played has a box, too.
        let hasBox = isBlock || !element.isDisjoint(with: [.confining, .rawWithReferences])
        let isCell = element.contains(.cell) && !isOut && !effects.sets(.display)
        let box: HTMLEffects.Box = isCell ? .cell : hasBox ? .block : .inline
        style.apply(effects, box)
        let isInline = isOut || effects.hides(.inlineBlock)
        // What is not there, or elsewhere, cuts no word.
        return Applied(
            effects: effects, box: box, marks: marks, isBlock: isBlock, isInline: isInline,
            breaksLine: isBlock && !isInline && !effects.hides(.display))
    }

    /// What browsers say themselves of an element whose letters do not look like those around (HTML section 15).
    func look(_ name: HTMLName) -> HTMLEffects {
        switch name {
        case Names.anchor where tokenizer.value(Names.href) != nil: Self.linkLook
        case Names.mark: Self.markLook
        case Names.button, Names.select, Names.textarea: Self.controlLook
        default: HTMLEffects()
        }
    }

    private static let linkLook = look("color:linktext")
    private static let markLook = look("color:marktext;background-color:mark")
    private static let controlLook = look(
        "color:buttontext;background-color:buttonface;font-size:13px;letter-spacing:normal;text-indent:0")

    private static func look(_ style: StaticString) -> HTMLEffects {
        var effects = HTMLEffects()
        effects.add(style: Array(style.description.utf8), hasUnits: true)
        return effects
    }
}
