internal import Bytes

/// `Authentication-Results:` (RFC 8601).
package enum AuthenticationResults {
    /// The name of who wrote a field, in lower case: the first word of its value, comments left out; nil when there is none that
    /// could be read.
    package static func server(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        var depth = 0
        var index = value.startIndex
        var word: [UInt8] = []
        var isQuoted = false
        while index < value.endIndex {
            let octet = value[index]
            switch octet {
            case 0x5C where depth > 0 || isQuoted:
                index += 1
                if isQuoted, index < value.endIndex { word.append(value[index]) }
            case 0x28 where !isQuoted: depth += 1
            case 0x29 where depth > 0: depth -= 1
            case 0x22 where depth == 0:
                if isQuoted || !word.isEmpty { return word.isEmpty ? nil : word.map(asciiLower) }
                isQuoted = true
            case 0x3B where depth == 0 && !isQuoted:
                return word.isEmpty ? nil : word.map(asciiLower)
            case 0x09, 0x0A, 0x0D, 0x20:
                if depth == 0, !isQuoted, !word.isEmpty { return word.map(asciiLower) }
                if isQuoted { word.append(octet) }
            default:
                if depth == 0 { word.append(octet) }
            }
            index += 1
        }
        return depth > 0 || isQuoted || word.isEmpty ? nil : word.map(asciiLower)
    }
}
