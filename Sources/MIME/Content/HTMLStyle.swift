internal import Bytes

/// How text is shown: what of CSS and of HTML's own attributes decides whether a person sees it.
struct HTMLStyle {
    /// A colour; nil where it cannot be known (an image, a gradient).
    typealias Color = (red: Int, green: Int, blue: Int)

    /// Not drawn, whatever elements inside say: `display`, `opacity`, no room, far off the page.
    var isGone = false
    /// `visibility`; elements inside may undo it.
    var isInvisible = false
    /// Letters too small to be read; elements inside may undo it.
    var isTiny = false
    /// Letters that lie on top of each other; elements inside may undo it.
    var isCrowded = false
    /// Letters without a colour of their own: fully transparent.
    var isTransparent = false
    var color: Color? = (0, 0, 0)
    /// What letters are filled with in place of their colour, and whether that is transparent.
    var fill: (color: Color, isTransparent: Bool)?
    var background: Color? = (255, 255, 255)

    /// True when a person does not see the text.
    var isHidden: Bool {
        if isGone || isInvisible || isTiny || isCrowded || fill?.isTransparent ?? isTransparent { return true }
        guard let color = fill?.color ?? color, let background else { return false }
        let difference = max(
            abs(color.red - background.red), abs(color.green - background.green), abs(color.blue - background.blue))
        return difference <= Self.sameColor
    }

    /// Steps of 255 that nobody tells apart.
    private static let sameColor = 8
    /// Applies what style sheets and attributes of an element say.
    mutating func apply(_ effects: HTMLEffects) {
        if effects.isUndisplayed == true || effects.isGone { isGone = true }
        if let value = effects.isInvisible { isInvisible = value }
        if let value = effects.isTiny { isTiny = value }
        if let value = effects.isCrowded { isCrowded = value }
        if let value = effects.isTransparent { isTransparent = value }
        if let value = effects.color { color = value }
        if let value = effects.fill { fill = value }
        switch effects.background {
        case .same: break
        case .unknown: background = nil
        case .color(let value): background = value
        }
    }
}

/// What declarations of CSS change; read once, since a rule may apply to many elements.
struct HTMLEffects {
    enum Background {
        case same
        case unknown
        case color(HTMLStyle.Color)
    }

    /// `display: none`, or another value.
    var isUndisplayed: Bool?
    /// Hidden in a way that no later declaration undoes.
    var isGone = false
    var isInvisible: Bool?
    var isTiny: Bool?
    var isCrowded: Bool?
    var isTransparent: Bool?
    var color: HTMLStyle.Color?
    var fill: (color: HTMLStyle.Color, isTransparent: Bool)?
    var background = Background.same

    /// It says that text is not seen.
    var hides: Bool {
        isUndisplayed == true || isGone || isInvisible == true || isTiny == true || isCrowded == true
            || isTransparent == true || fill != nil
    }

    /// Pixels or points up to which letters cannot be read, and up to which there is no room for any.
    private static let tinySize = 2.0
    private static let noRoom = 1.0
    /// Of opacity and size: less is not seen.
    private static let leastShare = 0.05
    /// Octets of declarations that are looked at.
    private static let longestStyle = 16_384

    /// Takes over what `other`, which is stronger, says.
    mutating func merge(_ other: HTMLEffects) {
        isUndisplayed = other.isUndisplayed ?? isUndisplayed
        isGone = isGone || other.isGone
        isInvisible = other.isInvisible ?? isInvisible
        isTiny = other.isTiny ?? isTiny
        isCrowded = other.isCrowded ?? isCrowded
        isTransparent = other.isTransparent ?? isTransparent
        fill = other.fill ?? fill
        color = other.color ?? color
        if case .same = other.background { return }
        background = other.background
    }

    /// Adds a colour by its old attribute (`color`, `bgcolor`, `text`).
    mutating func add(color value: [UInt8], isBackground: Bool) {
        guard let (found, alpha) = CSSValue.color(value[...]) else { return }
        if isBackground {
            if alpha > 0 { background = .color(found) }
        } else {
            color = found
        }
    }

    /// Adds declarations: of a `style` attribute or a rule.
    mutating func add(declarations: [UInt8]) {
        let text = CSSValue.plain(declarations.prefix(Self.longestStyle))
        var hasNoRoom = false
        var isClipped = false
        var isPlaced = false
        var isCut = false
        var shift = CSSShift()
        var showsBackground = false
        for declaration in text.split(separator: 0x3B) {
            guard let colon = declaration.firstIndex(of: 0x3A) else { continue }
            let property = CSSValue.trimmed(declaration[..<colon])
            var value = CSSValue.trimmed(declaration[declaration.index(after: colon)...])
            if let mark = value.firstIndex(of: 0x21) { value = CSSValue.trimmed(value[..<mark]) }
            switch String(decoding: property, as: UTF8.self) {
            case "display": isUndisplayed = equalIgnoringCase(value, "none")
            case "mso-hide": if equalIgnoringCase(value, "all") { isGone = true }
            case "visibility": isInvisible = equalIgnoringCase(value, "hidden") || equalIgnoringCase(value, "collapse")
            case "opacity", "zoom": if CSSValue.share(value) ?? 1 < Self.leastShare { isGone = true }
            case "scale":
                if CSSValue.words(value).contains(where: { CSSValue.share($0) ?? 1 < Self.leastShare }) {
                    isGone = true
                }
            case "letter-spacing": applySpacing(value)
            case "-webkit-text-fill-color":
                if let (found, alpha) = CSSValue.color(value) { fill = (found, alpha < Self.leastShare) }
            case "background-clip", "-webkit-background-clip": showsBackground = equalIgnoringCase(value, "text")
            case "font-size": applySize(value)
            case "font":
                for word in value.split(separator: 0x20) {
                    let size = word.prefix(while: { $0 != 0x2F })
                    // A number without a unit is a weight, but for 0.
                    if let (number, unit) = CSSValue.number(size), !unit.isEmpty || number == 0 { applySize(size) }
                }
            case "color":
                if let (found, alpha) = CSSValue.color(value) {
                    color = found
                    isTransparent = alpha < Self.leastShare
                }
            case "background", "background-color", "background-image": applyBackground(value)
            case "overflow", "overflow-x", "overflow-y": isClipped = equalIgnoringCase(value, "hidden")
            case "height", "max-height", "width", "max-width", "line-height":
                if let (number, _) = CSSValue.number(value), number <= Self.noRoom { hasNoRoom = true }
            case "clip": isCut = CSSValue.cutsAll(value)
            case "clip-path", "-webkit-clip-path": if CSSValue.cutsAll(value) { isGone = true }
            case "transform", "-webkit-transform": if CSSValue.shrinksToNothing(value) { isGone = true }
            case "filter":
                if CSSValue.share(CSSValue.arguments(value, of: "opacity")) ?? 1 < Self.leastShare { isGone = true }
            case "content-visibility": if equalIgnoringCase(value, "hidden") { isGone = true }
            case "position": isPlaced = !equalIgnoringCase(value, "static")
            case let name where CSSShift.properties.contains(name): shift.add(name, value)
            default: break
            }
        }
        // Letters without a colour of their own show the background then.
        if showsBackground {
            isTransparent = nil
            fill = nil
        }
        if (hasNoRoom && isClipped) || (isPlaced && isCut) || shift.isOffPage(isPlaced: isPlaced) { isGone = true }
    }

    /// Letters on top of each other, in their own width or in pixels.
    private mutating func applySpacing(_ value: ArraySlice<UInt8>) {
        guard let (number, unit) = CSSValue.number(value) else {
            if equalIgnoringCase(value, "normal") { isCrowded = false }
            return
        }
        isCrowded = number <= (unit.last == 0x6D ? -0.4 : -5)
    }

    private mutating func applySize(_ value: ArraySlice<UInt8>) {
        guard let (number, unit) = CSSValue.number(value) else {
            // Words: `small`, `large`; `inherit` changes nothing.
            if !equalIgnoringCase(value, "inherit") { isTiny = false }
            return
        }
        switch String(decoding: unit, as: UTF8.self) {
        case "em", "rem": if number < 0.1 { isTiny = true }
        case "%": if number < 10 { isTiny = true }
        default: isTiny = number <= Self.tinySize
        }
    }

    private mutating func applyBackground(_ value: ArraySlice<UInt8>) {
        for word in CSSValue.words(value) {
            if let (color, alpha) = CSSValue.color(word) {
                if alpha >= 0.5 { background = .color(color) }
            } else if word.contains(0x28) {
                // An image or a gradient.
                background = .unknown
                return
            }
        }
    }
}
