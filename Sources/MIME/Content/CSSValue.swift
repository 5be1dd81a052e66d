internal import Bytes

/// Values of CSS, so far as `HTMLStyle` needs them.
enum CSSValue {
    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let first = text.first, first <= 0x20 { text.removeFirst() }
        while let last = text.last, last <= 0x20 { text.removeLast() }
        return text
    }

    /// In lower case, without comments, with escapes undone: `d\69splay/**/:none` is read as browsers do.
    static func plain(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte == 0x2F, index + 1 < text.endIndex, text[index + 1] == 0x2A {
                index += 2
                while index < text.endIndex, !(text[index] == 0x2F && text[index - 1] == 0x2A) { index += 1 }
                index += 1
                continue
            }
            if byte == 0x5C, index + 1 < text.endIndex {
                index += 1
                var value: UInt32 = 0
                let start = index
                while index < text.endIndex, index - start < 6, let digit = Hex.value(text[index]) {
                    value = value << 4 | UInt32(digit)
                    index += 1
                }
                if index == start {
                    out.append(asciiLower(text[index]))
                    index += 1
                } else {
                    out.append(value < 0x80 ? asciiLower(UInt8(value)) : 0x3F)
                    if index < text.endIndex, text[index] <= 0x20 { index += 1 }
                }
                continue
            }
            out.append(asciiLower(byte))
            index += 1
        }
        return out[...]
    }

    /// Splits at blanks outside of parentheses.
    static func words(_ value: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var words: [ArraySlice<UInt8>] = []
        var start = value.startIndex
        var depth = 0
        for index in value.indices {
            if value[index] == 0x28 { depth += 1 } else if value[index] == 0x29 { depth -= 1 }
            if depth <= 0, value[index] <= 0x20 {
                if index > start { words.append(value[start..<index]) }
                start = index + 1
            }
        }
        if start < value.endIndex { words.append(value[start...]) }
        return words
    }

    /// A number and its unit, also the only one in `calc()`.
    static func number(_ value: ArraySlice<UInt8>) -> (Double, ArraySlice<UInt8>)? {
        let inner = arguments(value, of: "calc")
        let value = inner.isEmpty ? value : inner
        var index = value.startIndex
        var sign = 1.0
        if index < value.endIndex, value[index] == 0x2D || value[index] == 0x2B {
            if value[index] == 0x2D { sign = -1 }
            index += 1
        }
        var number = 0.0
        var scale = 1.0
        var hasDigit = false
        var isFraction = false
        while index < value.endIndex {
            let byte = value[index]
            if byte == 0x2E, !isFraction {
                isFraction = true
            } else if byte >= 0x30, byte <= 0x39 {
                hasDigit = true
                // Digits beyond any use are passed over, so that no number becomes infinite.
                if number < 1e9 && scale < 1e9 {
                    number = number * 10 + Double(byte - 0x30)
                    if isFraction { scale *= 10 }
                }
            } else {
                break
            }
            index += 1
        }
        guard hasDigit, inner.isEmpty || !value[index...].contains(where: { $0 <= 0x20 }) else { return nil }
        return (sign * number / scale, value[index...])
    }

    /// A number, or percent as a part of 1.
    static func share(_ value: ArraySlice<UInt8>) -> Double? {
        number(value).map { $0.1.first == 0x25 ? $0.0 / 100 : $0.0 }
    }

    /// True for an offset that moves things off every page; columns have margins of -100 percent.
    static func isFarOff(_ value: ArraySlice<UInt8>, isMargin: Bool) -> Bool {
        guard let (number, unit) = number(value) else { return false }
        return switch String(decoding: unit, as: UTF8.self) {
        case "%": number <= -100 && !isMargin
        case "vw", "vh", "em", "rem": number <= -100
        default: number <= -500
        }
    }

    /// What stands between the parentheses of a function; empty where the value is another.
    static func arguments(_ value: ArraySlice<UInt8>, of name: StaticString) -> ArraySlice<UInt8> {
        let start = value.index(value.startIndex, offsetBy: name.utf8CodeUnitCount, limitedBy: value.endIndex)
        guard let start, name.withUTF8Buffer({ value.starts(with: $0) }), start < value.endIndex, value[start] == 0x28
        else {
            return []
        }
        return trimmed(value[(start + 1)...].prefix { $0 != 0x29 })
    }

    /// Numbers of a list, with their units.
    private static func numbers(_ list: ArraySlice<UInt8>) -> [(number: Double, isShare: Bool)] {
        list.split(whereSeparator: { $0 == 0x2C || $0 <= 0x20 }).prefix(64).compactMap { word in
            number(word).map { ($0.0, $0.1.first == 0x25) }
        }
    }

    /// True for a shape of `clip` or `clip-path` in which nothing is left: `rect(0,0,0,0)`, `inset(100%)`, `circle(0)`,
    /// `polygon(0 0, 0 0)`.
    static func cutsAll(_ value: ArraySlice<UInt8>) -> Bool {
        let rect = numbers(arguments(value, of: "rect"))
        if rect.count == 4, abs(rect[2].number - rect[0].number) <= 1 || abs(rect[1].number - rect[3].number) <= 1 {
            return true
        }
        let inset = numbers(arguments(value, of: "inset"))
        if inset.contains(where: { $0.isShare && $0.number >= 50 }) { return true }
        if let radius = numbers(arguments(value, of: "circle")).first, radius.number <= 1 { return true }
        let points = numbers(arguments(value, of: "polygon"))
        return points.count > 1 && points.allSatisfy { $0.number <= 1 }
    }

    /// True for `scale(0)` and the like, and for what is moved far off the page.
    static func shrinksToNothing(_ value: ArraySlice<UInt8>) -> Bool {
        words(value).contains { word in
            for name: StaticString in ["scale", "scalex", "scaley", "scale3d"]
            where numbers(arguments(word, of: name)).contains(where: { abs($0.number) < 0.05 }) { return true }
            for name: StaticString in ["translate", "translatex", "translatey", "translate3d"]
            where numbers(arguments(word, of: name)).contains(where: { abs($0.number) >= 500 }) { return true }
            return false
        }
    }

    /// A colour and its opacity: `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb()`, `rgba()`, `hsl()`, `hsla()`, and names.
    static func color(_ value: ArraySlice<UInt8>) -> (HTMLStyle.Color, Double)? {
        let value = trimmed(value)
        if value.first == 0x23 { return hexColor(value.dropFirst()) }
        let isHue = value.starts(with: "hsl".utf8)
        if isHue || value.starts(with: "rgb".utf8), let open = value.firstIndex(of: 0x28) {
            let parts = value[(open + 1)...].split(whereSeparator: {
                $0 == 0x2C || $0 == 0x20 || $0 == 0x29 || $0 == 0x2F
            })
            if isHue {
                let shares = parts.compactMap { share($0) }
                guard shares.count >= 3 else { return nil }
                return (
                    color(hue: shares[0], saturation: shares[1], lightness: shares[2]), shares.count > 3 ? shares[3] : 1
                )
            }
            let numbers = parts.compactMap { number($0) }.map { $0.1.first == 0x25 ? $0.0 * 2.55 : $0.0 }
            guard numbers.count >= 3 else { return nil }
            let whole = numbers.prefix(3).map { Int(max(0, min(255, $0))) }
            return ((whole[0], whole[1], whole[2]), numbers.count > 3 ? numbers[3] : 1)
        }
        if equalIgnoringCase(value, "transparent") { return ((0, 0, 0), 0) }
        guard let code = names[String(decoding: value.map(asciiLower), as: UTF8.self)] else {
            // Old attributes take hexadecimal digits without their sign.
            return value.count == 6 ? hexColor(value) : nil
        }
        return ((code >> 16, code >> 8 & 255, code & 255), 1)
    }

    /// By the formula of CSS Color 4, section 7.1. Hue in degrees, whatever the unit: colours without saturation are those that
    /// hide.
    private static func color(hue: Double, saturation: Double, lightness: Double) -> HTMLStyle.Color {
        let saturation = max(0, min(1, saturation))
        let lightness = max(0, min(1, lightness))
        func part(_ offset: Double) -> Int {
            var place = (offset + hue / 30).truncatingRemainder(dividingBy: 12)
            if place < 0 { place += 12 }
            let value = lightness - saturation * min(lightness, 1 - lightness) * max(-1, min(place - 3, 9 - place, 1))
            return Int(max(0, min(1, value)) * 255)
        }
        return (part(0), part(8), part(4))
    }

    private static func hexColor(_ digits: ArraySlice<UInt8>) -> (HTMLStyle.Color, Double)? {
        let values = digits.map { Hex.value($0).map(Int.init) ?? -1 }
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

    /// The sixteen names of HTML 4, and those that serve to hide text.
    private static let names: [String: Int] = [
        "black": 0, "silver": 0xC0C0C0, "gray": 0x808080, "grey": 0x808080, "white": 0xFFFFFF, "maroon": 0x800000,
        "red": 0xFF0000, "purple": 0x800080, "fuchsia": 0xFF00FF, "magenta": 0xFF00FF, "green": 0x008000,
        "lime": 0x00FF00, "olive": 0x808000, "yellow": 0xFFFF00, "navy": 0x000080, "blue": 0x0000FF,
        "teal": 0x008080, "aqua": 0x00FFFF, "cyan": 0x00FFFF, "orange": 0xFFA500, "brown": 0xA52A2A, "pink": 0xFFC0CB,
        "snow": 0xFFFAFA, "ivory": 0xFFFFF0, "whitesmoke": 0xF5F5F5, "ghostwhite": 0xF8F8FF, "lightgray": 0xD3D3D3,
        "lightgrey": 0xD3D3D3, "darkgray": 0xA9A9A9, "darkgrey": 0xA9A9A9, "lightyellow": 0xFFFFE0,
        "lightblue": 0xADD8E6, "darkblue": 0x00008B, "darkred": 0x8B0000, "darkgreen": 0x006400, "gold": 0xFFD700,
        "beige": 0xF5F5DC, "azure": 0xF0FFFF, "mintcream": 0xF5FFFA, "floralwhite": 0xFFFAF0,
    ]
}
