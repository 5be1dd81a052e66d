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
    /// Pixels of the first line of each block that are off the page, by `text-indent`.
    var indent = 0.0
    /// Letters without a colour of their own: fully transparent.
    var isTransparent = false
    var color: Color? = (0, 0, 0)
    /// What letters are filled with in place of their colour.
    struct Fill {
        var color: Color?
        var isTransparent: Bool
    }

    var fill: Fill?
    var background: Color? = (255, 255, 255)

    /// True when a person does not see the text.
    var isHidden: Bool {
        if isGone || isInvisible || isTiny || isCrowded || fill?.isTransparent ?? isTransparent { return true }
        guard let color = fill.map(\.color) ?? color, let background else { return false }
        let difference = max(
            abs(color.red - background.red), abs(color.green - background.green), abs(color.blue - background.blue))
        return difference <= Self.sameColor
    }

    /// Steps of 255 that nobody tells apart.
    private static let sameColor = 8

    /// Applies what style sheets and attributes of an element say.
    mutating func apply(_ effects: HTMLEffects, _ box: HTMLEffects.Box) {
        if effects.isGone(box) { isGone = true }
        if effects.sets(.visibility) { isInvisible = effects.hides(.visibility) }
        if effects.sets(.fontSize) { isTiny = effects.hides(.fontSize) }
        if effects.sets(.letterSpacing) { isCrowded = effects.hides(.letterSpacing) }
        if effects.sets(.textIndent) { indent = effects.indent }
        if effects.sets(.color) { color = effects.color }
        // Letters without a colour of their own show the background where it is cut to them.
        if !effects.hides(.backgroundClip) {
            if effects.sets(.color) { isTransparent = effects.hides(.color) }
            if effects.sets(.fill) { fill = effects.fill }
        }
        if effects.hides(.backgroundImage) {
            background = nil
        } else if effects.sets(.backgroundColor), !effects.hides(.backgroundColor) {
            switch effects.background {
            case .color(let value): background = value
            case .current: background = color
            }
        }
    }
}
