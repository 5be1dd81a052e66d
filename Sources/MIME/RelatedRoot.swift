internal import Bytes

/// Which part of a multipart/related the others are for (RFC 2387 section 3.2).
package enum RelatedRoot {
    /// The parts whose `Content-ID` the container names as `start`. Without that it is the first, and to readers that do not know
    /// it, too.
    package static func named(in container: Int, _ tree: PartTree, _ message: Span<UInt8>) -> [Int] {
        let starts = tree.withHeader(of: container, in: message) { header in
            ContentTypeParameter.values(of: "start", inHeader: header).map { identifier($0[...]) }
        }
        guard !starts.isEmpty else { return [] }
        var found: [Int] = []
        var next = Int(tree.parts[container].firstChild)
        while next >= 0 {
            if tree.withHeader(of: next, in: message, { holds($0, anyOf: starts) }) { found.append(next) }
            next = Int(tree.parts[next].nextSibling)
        }
        return found
    }

    private static func holds(_ header: Span<UInt8>, anyOf identifiers: [ArraySlice<UInt8>]) -> Bool {
        var scanner = HeaderScanner(limit: header.count)
        while let field = scanner.next(in: header) {
            guard field.isNamed("content-id", in: header) else { continue }
            let value = header.extracting(field.value).array
            if identifiers.contains(identifier(value[...])) { return true }
        }
        return false
    }

    /// Without what stands around it.
    private static func identifier(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isAround(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == 0x3C || byte == 0x3E }
        let end = value.lastIndex { !isAround($0) } ?? value.startIndex - 1
        return value[...end].drop(while: isAround)
    }
}
