internal import Bytes

/// What browsers say themselves of elements that do not look like what is around them (HTML section 15).
extension HTMLReader {
    func look(_ html: Span<UInt8>, _ name: HTMLName) -> HTMLEffects {
        switch name {
        case Names.anchor where tokenizer.value(Names.href) != nil: Self.linkLook
        case Names.table: tableLook
        case Names.mark: Self.markLook
        case Names.input: FieldKind(html, tokenizer) == .button ? Self.controlLook : Self.inputLook
        case Names.button, Names.select: Self.controlLook
        case Names.textarea: Self.areaLook
        case Names.math: Self.formulaLook
        case Names.svg: Self.drawingLook
        case Names.dialog where tokenizer.value(Names.open) != nil: Self.dialogLook
        default: HTMLEffects()
        }
    }

    /// Tables begin anew where old browsers let them, and where other readers do not it is not known what they look like. Their
    /// indent is none everywhere.
    private var tableLook: HTMLEffects {
        guard quirks > .never else { return Self.plainTableLook }
        var effects = Self.oldTableLook
        if !style.hasLetters(like: bodyStyle) { effects.add(unknown: .color) }
        return effects
    }

    private static let linkLook = look("color:linktext")
    private static let markLook = look("color:marktext;background-color:mark")
    private static let plainTableLook = look("text-indent:0")
    private static let oldTableLook = look("text-indent:0;font-size:medium;line-height:normal")
    private static let controlLook = look(control + "color:buttontext;background-color:buttonface")
    private static let areaLook = look(control + "color:fieldtext;background-color:field")
    private static let inputLook = look(control + "color:fieldtext;background-color:field;overflow:hidden")
    private static let formulaLook = look("letter-spacing:normal;line-height:normal;text-indent:0")
    private static let drawingLook = look("text-indent:0")
    private static let dialogLook = look("color:canvastext;background-color:canvas;position:absolute")
    static let popoverLook = look("color:canvastext;background-color:canvas;position:fixed")
    private static let control = "font-size:13px;letter-spacing:normal;line-height:normal;text-indent:0;"

    private static func look(_ style: String) -> HTMLEffects {
        var effects = HTMLEffects()
        effects.add(style: Array(style.utf8), hasUnits: true)
        return effects
    }

    /// `<meta name=color-scheme content=dark>`: the page is a dark one, with letters that are light.
    mutating func darken(_ html: Span<UInt8>) {
        func value(_ name: HTMLName) -> [UInt8] {
            tokenizer.value(name).map { HTMLEntities.decoded(html, $0, isAttribute: true).map(asciiLower) } ?? []
        }
        guard value(Names.name) == Array("color-scheme".utf8) else { return }
        var effects = HTMLEffects()
        effects.add(style: Array("color-scheme:".utf8) + value(Names.content), hasUnits: true)
        guard effects.hides(.scheme) else { return }
        style.repaint()
        for place in stack.indices { stack[place].style.repaint() }
    }
}
