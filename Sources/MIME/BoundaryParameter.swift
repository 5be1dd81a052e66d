internal import Bytes

/// The boundaries that a header names (RFC 2046 section 5.1.1).
package enum BoundaryParameter {
    private static let parameterLimit = 100

    /// Those of all `Content-Type` fields of a header block.
    package static func values(inHeader block: Span<UInt8>) -> [[UInt8]] {
        var scanner = HeaderScanner(limit: block.count)
        var values: [[UInt8]] = []
        while let field = scanner.next(in: block) {
            guard field.isNamed("content-type", in: block) else { continue }
            var body = FieldBody(block, value: field.value)
            _ = body.leadingValue()
            values += ParameterList(&body, limit: parameterLimit).values(of: "boundary").map(\.bytes)
        }
        return values
    }
}
