/// Properties of CSS that decide whether text is seen, a bit for each. Some have two, where their values say two things.
struct CSSProperties: OptionSet {
    let rawValue: UInt64

    // In the order of `CSSShift.lengths`.
    static let (marginTop, marginRight, marginBottom, marginLeft) = (bit(0), bit(1), bit(2), bit(3))
    static let (paddingTop, paddingRight, paddingBottom, paddingLeft) = (bit(4), bit(5), bit(6), bit(7))
    static let (top, right, bottom, left) = (bit(8), bit(9), bit(10), bit(11))
    static let textIndent = bit(12)
    static let display = bit(13)
    /// `display` and `float`: the element is a block, with a first line of its own, and that in a line of those around.
    static let (blockDisplay, float, inlineBlock) = (bit(14), bit(15), bit(44))
    static let (visibility, opacity, zoom, scale, transform) = (bit(16), bit(17), bit(18), bit(19), bit(20))
    static let (clip, clipPath, filter, contentVisibility) = (bit(21), bit(22), bit(23), bit(24))
    static let (fontSize, letterSpacing, lineHeight) = (bit(26), bit(27), bit(28))
    static let (height, maxHeight, width, maxWidth) = (bit(29), bit(30), bit(31), bit(32))
    /// There is room for letters, whatever the four say.
    static let (minHeight, minWidth) = (bit(45), bit(46))
    /// What is beyond the box is not shown; and neither is it in the other direction, where nothing is said of that one.
    static let (overflowX, overflowY, scrollX, scrollY) = (bit(33), bit(34), bit(35), bit(36))
    /// `position`: offsets count; `clip` does, too.
    static let (position, lifted) = (bit(37), bit(38))
    /// Letters without a colour of their own.
    static let (color, fill) = (bit(39), bit(40))
    /// A background of no colour, with an image, only behind letters.
    static let (backgroundColor, backgroundImage, backgroundClip) = (bit(41), bit(42), bit(43))

    /// Boxes larger than they are, or elsewhere: what an element around made too small, or moved off the page, may be back.
    static let (grownZoom, grownScale, grownTransform) = (bit(47), bit(48), bit(49))
    /// `position: fixed`: neither is it cut, nor moved by elements around.
    static let fixed = bit(50)
    /// Letters and what is behind them have other colours than those that are said: by `filter`, by shadows, strokes and the like.
    static let (repaintedByFilter, repainted) = (bit(51), bit(52))
    /// Values change while the mail is looked at.
    static let animation = bit(53)
    /// Moved in other ways, which may bring back what is off the page.
    static let moved = bit(54)
    /// Lines begin or end at the right: what is off the page on the left is only their other end.
    static let endAlignment = bit(25)

    /// The page is a dark one.
    static let scheme = bit(55)

    static let displays: CSSProperties = [.display, .blockDisplay, .inlineBlock]
    static let margins: CSSProperties = [.marginTop, .marginRight, .marginBottom, .marginLeft]
    static let paddings: CSSProperties = [.paddingTop, .paddingRight, .paddingBottom, .paddingLeft]
    static let offsets: CSSProperties = [.top, .right, .bottom, .left]
    static let background: CSSProperties = [.backgroundColor, .backgroundImage, .backgroundClip]
    static let all = CSSProperties(rawValue: (1 << 56) - 1)
    /// What elements have from the one around them where nothing is said.
    static let inherited: CSSProperties = [
        .visibility, .fontSize, .letterSpacing, .lineHeight, .color, .fill, .textIndent, .endAlignment,
    ]
    /// What hides where it is said; what shows, so that text is hidden where it is said no more.
    static let hidingAlways: CSSProperties = [
        .display, .visibility, .opacity, .zoom, .scale, .transform, .clip, .clipPath, .filter, .contentVisibility,
        .fontSize, .letterSpacing, .lineHeight, .height, .maxHeight, .width, .maxWidth, .overflowX, .overflowY,
        .scrollX,
        .scrollY, .color, .position,
    ]
    static let showing: CSSProperties = [
        .minHeight, .minWidth, .grownZoom, .grownScale, .grownTransform, .fixed, .lifted, .repainted,
        .repaintedByFilter,
        .animation, .backgroundImage, .backgroundClip, .moved, .endAlignment, .scheme,
    ]
    /// Values that hide whatever is said elsewhere.
    static let aloneHiding: CSSProperties = [.display, .opacity, .clipPath, .filter]

    /// Those of which pages without a type take numbers for pixels (Quirks Mode, section 3.2).
    static let lengths: CSSProperties = [
        margins, paddings, offsets, .textIndent, .fontSize, .letterSpacing, .height, .maxHeight, .minHeight, .width,
        .maxWidth, .minWidth, .clip,
    ]

    /// What a declaration of this name sets; nil for names that are not looked at.
    static func named(_ name: ArraySlice<UInt8>) -> CSSProperties? { names[String(decoding: name, as: UTF8.self)] }

    private static func bit(_ place: UInt64) -> CSSProperties { CSSProperties(rawValue: 1 << place) }

    private static let names: [String: CSSProperties] = [
        "all": .all, "display": .displays, "float": .float, "visibility": .visibility, "opacity": .opacity,
        "color-scheme": .scheme,
        "-webkit-opacity": .opacity, "zoom": [.zoom, .grownZoom], "scale": [.scale, .grownScale],
        "transform": [.transform, .grownTransform],
        "-webkit-transform": [.transform, .grownTransform], "translate": .moved, "rotate": .moved, "offset": .moved,
        "offset-path": .moved, "text-align": .endAlignment, "direction": .endAlignment,
        "clip": .clip, "clip-path": .clipPath, "-webkit-clip-path": .clipPath, "filter": [.filter, .repaintedByFilter],
        "-webkit-filter": [.filter, .repaintedByFilter], "text-shadow": .repainted, "-webkit-text-stroke": .repainted,
        "-webkit-text-stroke-width": .repainted, "text-emphasis": .repainted, "-webkit-text-emphasis": .repainted,
        "text-emphasis-style": .repainted, "box-shadow": .repainted, "-webkit-box-shadow": .repainted,
        "mix-blend-mode": .repainted, "backdrop-filter": .repainted, "animation": .animation,
        "-webkit-animation": .animation, "animation-name": .animation, "-webkit-animation-name": .animation,
        "content-visibility": .contentVisibility, "font-size": .fontSize,
        "font": [.fontSize, .lineHeight],
        "letter-spacing": .letterSpacing, "line-height": .lineHeight, "height": .height, "max-height": .maxHeight,
        "min-height": .minHeight, "min-width": .minWidth, "width": .width, "max-width": .maxWidth,
        "overflow": [.overflowX, .overflowY, .scrollX, .scrollY],
        "overflow-x": [.overflowX, .scrollX], "overflow-y": [.overflowY, .scrollY],
        "position": [.position, .lifted, .fixed],
        "color": .color, "-webkit-text-fill-color": .fill, "background": .background,
        "background-color": .backgroundColor,
        "background-image": .backgroundImage, "background-clip": .backgroundClip,
        "-webkit-background-clip": .backgroundClip,
        "margin": .margins, "margin-top": .marginTop, "margin-right": .marginRight, "margin-bottom": .marginBottom,
        "margin-left": .marginLeft, "padding": .paddings, "padding-top": .paddingTop, "padding-right": .paddingRight,
        "padding-bottom": .paddingBottom, "padding-left": .paddingLeft, "inset": .offsets, "top": .top, "right": .right,
        "bottom": .bottom, "left": .left, "text-indent": .textIndent,
    ]
}
