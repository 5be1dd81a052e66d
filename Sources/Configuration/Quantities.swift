/// Units of sizes in lower case; powers of 1024, as a mail server's limits are.
let sizeUnits = ["k": 1024, "kib": 1024, "m": 1_048_576, "mib": 1_048_576, "g": 1_073_741_824, "gib": 1_073_741_824]

/// Units of times.
let timeUnits = ["s": 1, "m": 60, "h": 3600, "d": 86_400]

/// A whole number with a unit of `units`, or without; one space may stand between. nil when it is not of this form or too
/// large to be counted.
func quantity(_ text: String, units: [String: Int]) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, let number = Int(digits) else { return nil }
    var unit = text[digits.endIndex...]
    if unit.isEmpty { return number }
    if unit.first == " " { unit = unit.dropFirst() }
    guard let factor = units[unit.lowercased()] else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
}

/// A size as `quantity` reads it, with the largest unit that leaves a whole number.
@Sendable func sizeText(_ octets: Int) -> String {
    for (unit, factor) in [("GiB", 1_073_741_824), ("MiB", 1_048_576), ("KiB", 1024)]
    where octets >= factor && octets.isMultiple(of: factor) {
        return "\(octets / factor) \(unit)"
    }
    return String(octets)
}

/// A time as `quantity` reads it, with the largest unit that leaves a whole number.
@Sendable func durationText(_ seconds: Int) -> String {
    for (unit, factor) in [("d", 86_400), ("h", 3600), ("m", 60)]
    where seconds >= factor && seconds.isMultiple(of: factor) {
        return "\(seconds / factor)\(unit)"
    }
    return "\(seconds)s"
}

/// A decimal number with at most three decimals, in thousandths; nil when it is not of this form or too large to be counted.
func thousandths(_ text: String) -> Int? {
    let isNegative = text.hasPrefix("-")
    let parts = text.dropFirst(isNegative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
    guard let whole = parts.first, parts.count <= 2, !whole.isEmpty, whole.utf8.count <= 12 else { return nil }
    let fraction = parts.count == 2 ? parts[1] : "0"
    guard (1...3).contains(fraction.utf8.count) else { return nil }
    let digits = whole + fraction + String(repeating: "0", count: 3 - fraction.utf8.count)
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(digits) else { return nil }
    return isNegative ? -value : value
}

/// Points as `thousandths` reads them, with the decimals that they need.
@Sendable func pointsText(_ points: Double) -> String {
    let value = Int((points * 1000).rounded())
    var decimals = String(value.magnitude % 1000 + 1000).dropFirst()
    while decimals.last == "0" { decimals.removeLast() }
    return (value < 0 ? "-" : "") + String(value.magnitude / 1000) + (decimals.isEmpty ? "" : ".\(decimals)")
}
