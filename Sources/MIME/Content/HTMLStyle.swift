internal import Bytes

/// How text is shown: what of CSS and of HTML's own attributes decides whether a person sees it.
struct HTMLStyle {
    /// A colour; nil where it cannot be known (an image, a gradient).
    typealias Color = (red: Int, green: Int, blue: Int)

    /// Not drawn, whatever elements inside say: `display`, `opacity`.
    var isGone = false
    /// Beyond a box without room. What is lifted out of the boxes around is not cut, but by one from which it is measured.
    private var cut = Cut.none
    private enum Cut { case none, inFlow, always }
    private var isCutByLines = false
    /// Too small, or elsewhere; elements inside may be larger, or back.
    private var isShrunk = false
    /// Pixels by which it is off the page; elements inside may be back.
    private var away = 0.0
    /// Pixels by which elements around may have moved it the other way.
    private var ahead = 0.0
    /// The text stands at the right.
    private var isEndAligned = false
    /// Shadows, filters and the like paint letters or what is behind them in a way that is not computed here.
    private var isRepainted = false
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
        if isGone || cut != .none || isShrunk || away > 0 || isInvisible || isTiny || isCrowded { return true }
        if isRepainted { return false }
        if fill?.isTransparent ?? isTransparent { return true }
        guard let color = fill.map(\.color) ?? color, let background else { return false }
        return Self.looksAlike(color, background)
    }

    /// Letters have the colour that those of `other` have.
    func hasLetters(like other: HTMLStyle?) -> Bool {
        guard let color, let theirs = other?.color else { return false }
        return color == theirs && isTransparent == other?.isTransparent
    }

    /// Nobody reads letters of the one colour on the other. What counts is how bright they are, of which green gives the most and blue
    /// nearly nothing: pale yellow on white is not seen, the same step of green is.
    private static func looksAlike(_ one: Color, _ other: Color) -> Bool {
        let red = (one.red - other.red) * 2126
        let green = (one.green - other.green) * 7152
        let blue = (one.blue - other.blue) * 722
        return red * red + green * green + blue * blue < leastDistance * leastDistance
    }

    /// Below it letters are not seen: 12 of 255, in ten thousandths as the shares of the parts of a colour in what is bright
    /// (ITU-R BT.709, item 3.2). SpamAssassin, too, takes letters for hidden below 12.
    private static let leastDistance = 120_000

    /// Follows where an element is. Where it may be back on the page, it is.
    private mutating func place(_ effects: HTMLEffects, _ box: HTMLEffects.Box) {
        if effects.hides(.fixed) || effects.hides(.lifted) && cut == .inFlow { cut = .none }
        if isCutByLines, effects.makesRoom { (cut, isCutByLines) = (.none, false) }
        away = effects.hides(.fixed) ? 0 : max(0, away - effects.back)
        // What moves as far again may come from the other side.
        let isBack = effects.moves && (isShrunk || away > 0 || ahead >= CSSShift.farOff)
        if effects.isGrown { (isShrunk, away) = (false, 0) }
        // It may stand at the other end.
        if isEndAligned || effects.hides(.float) { away = 0 }
        let cutting = effects.cut(box)
        if cutting != .none {
            isCutByLines = cutting == .byLines && (cut == .none || isCutByLines)
            if cut != .always { cut = effects.hides(.position) ? .always : .inFlow }
        }
        if effects.isShrunk(box), !isBack { isShrunk = true }
        if !isEndAligned { away = max(away, effects.away(box) - ahead) }
        ahead += effects.hides(.moved) || effects.hides(.grownTransform) ? .infinity : effects.back
    }

    /// Colours are not known from here on.
    mutating func repaint() { isRepainted = true }

    /// Applies what style sheets and attributes of an element say.
    mutating func apply(_ effects: HTMLEffects, _ box: HTMLEffects.Box) {
        if effects.sets(.endAlignment) { isEndAligned = effects.hides(.endAlignment) }
        place(effects, box)
        if effects.isGone(box) { isGone = true }
        if effects.isRepainted { isRepainted = true }
        if effects.sets(.visibility) { isInvisible = effects.hides(.visibility) }
        if effects.sets(.fontSize) { isTiny = effects.hides(.fontSize) }
        if effects.sets(.letterSpacing) { isCrowded = effects.hides(.letterSpacing) }
        if effects.sets(.textIndent) { indent = effects.indent }
        if isEndAligned { indent = 0 }
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
