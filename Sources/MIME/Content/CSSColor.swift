internal import Bytes

/// Colours of CSS (CSS Color 4).
enum CSSColor {
    /// A colour as a declaration says it.
    enum Value {
        /// nil where what it looks like is not computed here (`lab()` and the like).
        case color(HTMLStyle.Color?, opacity: Double)
        case current
    }

    /// The colour that `word`, one word in lower case, names: `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb()`, `hsl()`, `hwb()`, and names;
    /// nil where browsers take it for none.
    static func value(_ word: ArraySlice<UInt8>) -> Value? {
        let word = CSSValue.trimmed(word)
        if word.first == 0x23 { return hex(word.dropFirst()).map { .color($0.0, opacity: $0.1) } }
        guard let function = CSSValue.function(word) else {
            let name = CSSText.names(word)
            if name.elementsEqual("transparent".utf8) { return .color((0, 0, 0), opacity: 0) }
            if name.elementsEqual("currentcolor".utf8) { return .current }
            let known = String(decoding: name, as: UTF8.self)
            return (names[known] ?? systemNames[known]).map { .color(color($0), opacity: 1) }
        }
        return value(of: function)
    }

    /// The colour of an old attribute (`bgcolor`): a name of CSS, none of the system, or whatever digits are in it, by the rules for
    /// parsing a legacy colour value (HTML section 2.3.6). Functions are none: browsers make dark green of `rgb(255,255,255)`.
    static func attribute(_ text: [UInt8]) -> HTMLStyle.Color? {
        guard !text.isEmpty else { return nil }
        var text = text.map(asciiLower)[...].drop(while: HTMLTokenizer.isBlank)
        while let last = text.last, HTMLTokenizer.isBlank(last) { text.removeLast() }
        let name = String(decoding: text, as: UTF8.self)
        guard name != "transparent" else { return nil }
        if let named = names[name] { return color(named) }
        let hasSign = text.first == 0x23
        if hasSign, text.count == 4, let color = hex(text.dropFirst())?.0 { return color }
        var digits: [Int] = []
        for byte in text where byte & 0xC0 != 0x80 {
            digits.append(hexadecimalValue(byte).map(Int.init) ?? 0)
            // A character beyond 16 bits counts for two.
            if byte >= 0xF0 { digits.append(0) }
        }
        return color(digits: digits.prefix(128).dropFirst(hasSign ? 1 : 0))
    }

    private static func color(digits: ArraySlice<Int>) -> HTMLStyle.Color {
        let length = max(1, (digits.count + 2) / 3)
        let padded = Array(digits) + Array(repeating: 0, count: 3 * length - digits.count)
        var parts = (0..<3).map { padded[($0 * length)..<(($0 + 1) * length)].suffix(8) }
        while parts[0].count > 2, parts.allSatisfy({ $0.first == 0 }) { parts = parts.map { $0.dropFirst() } }
        let values = parts.map { $0.prefix(2).reduce(0) { $0 * 16 + $1 } }
        return (values[0], values[1], values[2])
    }

    private static func color(_ value: Int) -> HTMLStyle.Color { (value >> 16, value >> 8 & 255, value & 255) }

    private static func value(of function: CSSValue.Function) -> Value? {
        // Made from other colours: nobody knows here what of.
        let isMade =
            ["color-mix", "light-dark"].contains(function.name)
            || CSSValue.trimmed(function.arguments).starts(with: "from ".utf8)
        if isMade { return .color(nil, opacity: 1) }
        guard let parts = parts(of: function) else { return nil }
        func share(_ place: Int) -> Double {
            max(0, min(1, parts[place].number / (parts[place].kind == .share || place < 3 ? 100 : 1)))
        }
        let opacity = parts.count > 3 ? share(3) : 1
        switch function.name {
        case "rgb", "rgba":
            let whole = parts.prefix(3).map { Int(max(0, min(255, $0.kind == .share ? $0.number * 2.55 : $0.number))) }
            return .color((whole[0], whole[1], whole[2]), opacity: opacity)
        case "hsl", "hsla":
            return .color(color(hue: parts[0].number, saturation: share(1), lightness: share(2)), opacity: opacity)
        case "hwb":
            let (white, black) = (share(1), share(2))
            let pure = color(hue: parts[0].number, saturation: 1, lightness: 0.5)
            func mixed(_ part: Int) -> Int {
                Int(
                    white + black >= 1
                        ? 255 * white / (white + black) : Double(part) * (1 - white - black) + 255 * white)
            }
            return .color((mixed(pure.red), mixed(pure.green), mixed(pure.blue)), opacity: opacity)
        case "lab", "lch", "oklab", "oklch", "color": return .color(nil, opacity: opacity)
        default: return nil
        }
    }

    /// A number of a colour; angles in degrees.
    private struct Part {
        var number: Double
        var kind: Kind
        enum Kind { case number, share, angle, none }
    }

    /// Three numbers of a colour, and perhaps its opacity, in one of two forms (CSS Color 4, section 4.1): with commas, or with
    /// blanks and a slash. nil where browsers take them for none, so that the declaration says nothing.
    private static func parts(of function: CSSValue.Function) -> [Part]? {
        var words = CSSValue.pieces(function.arguments, at: 0x2C)
        let isOld = words.count > 1
        if !isOld {
            let sides = CSSValue.pieces(function.arguments, at: 0x2F)
            words = CSSValue.words(sides[0])
            if function.name == "color" {
                let space = words.isEmpty ? [] : CSSText.names(words.removeFirst())
                guard spaces.contains(String(decoding: space, as: UTF8.self)) else { return nil }
            }
            guard words.count == 3, sides.count <= 2 else { return nil }
            words += sides.dropFirst()
        }
        let parts = words.compactMap(part)
        guard 3...4 ~= words.count, parts.count == words.count else { return nil }
        let kinds = parts.map(\.kind)
        let hue =
            ["hsl", "hsla", "hwb"].contains(function.name) ? 0 : ["lch", "oklch"].contains(function.name) ? 2 : nil
        for (place, kind) in kinds.enumerated() {
            guard kind != (place == hue ? .share : .angle) else { return nil }
        }
        if isOld {
            guard !kinds.contains(.none) else { return nil }
            switch function.name {
            case "rgb", "rgba": guard kinds[0] == kinds[1], kinds[1] == kinds[2] else { return nil }
            case "hsl", "hsla": guard kinds[1] == .share, kinds[2] == .share else { return nil }
            default: return nil
            }
        }
        return parts
    }

    private static func part(_ word: ArraySlice<UInt8>) -> Part? {
        if CSSText.names(word).elementsEqual("none".utf8) { return Part(number: 0, kind: .none) }
        guard let (number, unit) = CSSValue.number(word) else { return nil }
        if unit.isEmpty { return Part(number: number, kind: .number) }
        if unit.first == 0x25 { return Part(number: number, kind: .share) }
        return CSSValue.degrees(in: unit).map { Part(number: number * $0, kind: .angle) }
    }

    /// Of `color()` (CSS Color 4, section 10; CSS Color HDR).
    private static let spaces: Set = [
        "srgb", "srgb-linear", "display-p3", "display-p3-linear", "a98-rgb", "prophoto-rgb", "rec2020", "rec2100-pq",
        "rec2100-hlg",
        "rec2100-linear", "xyz", "xyz-d50", "xyz-d65",
    ]

    /// By the formula of CSS Color 4, section 7.1. Hue in degrees.
    private static func color(hue: Double, saturation: Double, lightness: Double) -> HTMLStyle.Color {
        func part(_ offset: Double) -> Int {
            var place = (offset + hue / 30).truncatingRemainder(dividingBy: 12)
            if place < 0 { place += 12 }
            let value = lightness - saturation * min(lightness, 1 - lightness) * max(-1, min(place - 3, 9 - place, 1))
            return Int(max(0, min(1, value)) * 255)
        }
        return (part(0), part(8), part(4))
    }

    private static func hex(_ digits: ArraySlice<UInt8>) -> (HTMLStyle.Color, Double)? {
        let values = CSSText.names(digits).map { hexadecimalValue($0).map(Int.init) ?? -1 }
        guard !values.contains(-1) else { return nil }
        switch values.count {
        case 3, 4:
            return ((values[0] * 17, values[1] * 17, values[2] * 17), values.count == 4 ? Double(values[3]) / 15 : 1)
        case 6, 8:
            let alpha = values.count == 8 ? Double(values[6] * 16 + values[7]) / 255 : 1
            return ((values[0] * 16 + values[1], values[2] * 16 + values[3], values[4] * 16 + values[5]), alpha)
        default: return nil
        }
    }

    /// The names of CSS Color 4.
    private static let names: [String: Int] = [
        "aliceblue": 0xF0F8FF, "antiquewhite": 0xFAEBD7, "aqua": 0x00FFFF, "aquamarine": 0x7FFFD4, "azure": 0xF0FFFF,
        "beige": 0xF5F5DC, "bisque": 0xFFE4C4, "black": 0x000000, "blanchedalmond": 0xFFEBCD, "blue": 0x0000FF,
        "blueviolet": 0x8A2BE2, "brown": 0xA52A2A, "burlywood": 0xDEB887, "cadetblue": 0x5F9EA0,
        "chartreuse": 0x7FFF00, "chocolate": 0xD2691E, "coral": 0xFF7F50, "cornflowerblue": 0x6495ED,
        "cornsilk": 0xFFF8DC, "crimson": 0xDC143C, "cyan": 0x00FFFF, "darkblue": 0x00008B, "darkcyan": 0x008B8B,
        "darkgoldenrod": 0xB8860B, "darkgray": 0xA9A9A9, "darkgreen": 0x006400, "darkgrey": 0xA9A9A9,
        "darkkhaki": 0xBDB76B, "darkmagenta": 0x8B008B, "darkolivegreen": 0x556B2F, "darkorange": 0xFF8C00,
        "darkorchid": 0x9932CC, "darkred": 0x8B0000, "darksalmon": 0xE9967A, "darkseagreen": 0x8FBC8F,
        "darkslateblue": 0x483D8B, "darkslategray": 0x2F4F4F, "darkslategrey": 0x2F4F4F, "darkturquoise": 0x00CED1,
        "darkviolet": 0x9400D3, "deeppink": 0xFF1493, "deepskyblue": 0x00BFFF, "dimgray": 0x696969,
        "dimgrey": 0x696969, "dodgerblue": 0x1E90FF, "firebrick": 0xB22222, "floralwhite": 0xFFFAF0,
        "forestgreen": 0x228B22, "fuchsia": 0xFF00FF, "gainsboro": 0xDCDCDC, "ghostwhite": 0xF8F8FF, "gold": 0xFFD700,
        "goldenrod": 0xDAA520, "gray": 0x808080, "green": 0x008000, "greenyellow": 0xADFF2F, "grey": 0x808080,
        "honeydew": 0xF0FFF0, "hotpink": 0xFF69B4, "indianred": 0xCD5C5C, "indigo": 0x4B0082, "ivory": 0xFFFFF0,
        "khaki": 0xF0E68C, "lavender": 0xE6E6FA, "lavenderblush": 0xFFF0F5, "lawngreen": 0x7CFC00,
        "lemonchiffon": 0xFFFACD, "lightblue": 0xADD8E6, "lightcoral": 0xF08080, "lightcyan": 0xE0FFFF,
        "lightgoldenrodyellow": 0xFAFAD2, "lightgray": 0xD3D3D3, "lightgreen": 0x90EE90, "lightgrey": 0xD3D3D3,
        "lightpink": 0xFFB6C1, "lightsalmon": 0xFFA07A, "lightseagreen": 0x20B2AA, "lightskyblue": 0x87CEFA,
        "lightslategray": 0x778899, "lightslategrey": 0x778899, "lightsteelblue": 0xB0C4DE, "lightyellow": 0xFFFFE0,
        "lime": 0x00FF00, "limegreen": 0x32CD32, "linen": 0xFAF0E6, "magenta": 0xFF00FF, "maroon": 0x800000,
        "mediumaquamarine": 0x66CDAA, "mediumblue": 0x0000CD, "mediumorchid": 0xBA55D3, "mediumpurple": 0x9370DB,
        "mediumseagreen": 0x3CB371, "mediumslateblue": 0x7B68EE, "mediumspringgreen": 0x00FA9A,
        "mediumturquoise": 0x48D1CC, "mediumvioletred": 0xC71585, "midnightblue": 0x191970, "mintcream": 0xF5FFFA,
        "mistyrose": 0xFFE4E1, "moccasin": 0xFFE4B5, "navajowhite": 0xFFDEAD, "navy": 0x000080, "oldlace": 0xFDF5E6,
        "olive": 0x808000, "olivedrab": 0x6B8E23, "orange": 0xFFA500, "orangered": 0xFF4500, "orchid": 0xDA70D6,
        "palegoldenrod": 0xEEE8AA, "palegreen": 0x98FB98, "paleturquoise": 0xAFEEEE, "palevioletred": 0xDB7093,
        "papayawhip": 0xFFEFD5, "peachpuff": 0xFFDAB9, "peru": 0xCD853F, "pink": 0xFFC0CB, "plum": 0xDDA0DD,
        "powderblue": 0xB0E0E6, "purple": 0x800080, "rebeccapurple": 0x663399, "red": 0xFF0000, "rosybrown": 0xBC8F8F,
        "royalblue": 0x4169E1, "saddlebrown": 0x8B4513, "salmon": 0xFA8072, "sandybrown": 0xF4A460,
        "seagreen": 0x2E8B57, "seashell": 0xFFF5EE, "sienna": 0xA0522D, "silver": 0xC0C0C0, "skyblue": 0x87CEEB,
        "slateblue": 0x6A5ACD, "slategray": 0x708090, "slategrey": 0x708090, "snow": 0xFFFAFA,
        "springgreen": 0x00FF7F, "steelblue": 0x4682B4, "tan": 0xD2B48C, "teal": 0x008080, "thistle": 0xD8BFD8,
        "tomato": 0xFF6347, "turquoise": 0x40E0D0, "violet": 0xEE82EE, "wheat": 0xF5DEB3, "white": 0xFFFFFF,
        "whitesmoke": 0xF5F5F5, "yellow": 0xFFFF00, "yellowgreen": 0x9ACD32,
    ]

    /// Those of the system's colours, as Chromium shows them.
    private static let systemNames: [String: Int] = [
        "accentcolor": 0x0075FF,
        "accentcolortext": 0xFFFFFF, "activetext": 0xFF0000, "buttonborder": 0x000000, "buttonface": 0xEFEFEF,
        "buttontext": 0x000000, "canvas": 0xFFFFFF, "canvastext": 0x000000, "field": 0xFFFFFF, "fieldtext": 0x000000,
        "graytext": 0x808080, "highlight": 0x0041C6, "highlighttext": 0xFFFFFF, "linktext": 0x0000EE,
        "mark": 0xFFFF00, "marktext": 0x000000, "selecteditem": 0x1967D2, "selecteditemtext": 0xFFFFFF,
        "visitedtext": 0x551A8B, "activeborder": 0x000000, "activecaption": 0xFFFFFF, "appworkspace": 0xFFFFFF,
        "background": 0xFFFFFF, "buttonhighlight": 0xEFEFEF, "buttonshadow": 0xEFEFEF, "captiontext": 0x000000,
        "inactiveborder": 0x000000, "inactivecaption": 0xFFFFFF, "inactivecaptiontext": 0x808080,
        "infobackground": 0xFFFFFF, "infotext": 0x000000, "menu": 0xFFFFFF, "menutext": 0x000000,
        "scrollbar": 0xFFFFFF, "threeddarkshadow": 0x000000, "threedface": 0xEFEFEF, "threedhighlight": 0x000000,
        "threedlightshadow": 0x000000, "threedshadow": 0x000000, "window": 0xFFFFFF, "windowframe": 0x000000,
        "windowtext": 0x000000,
    ]
}
