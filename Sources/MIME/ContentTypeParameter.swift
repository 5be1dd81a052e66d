internal import Bytes

/// Parameters of `Content-Type` as a header names them (RFC 2045 section 5.1).
package enum ContentTypeParameter {
    private static let parameterLimit = 100

    /// Those of all `Content-Type` fields of a header block.
    /// - Parameter name: in lower case.
    package static func values(of name: StaticString, inHeader block: Span<UInt8>) -> [[UInt8]] {
        var scanner = HeaderScanner(limit: block.count)
        var values: [[UInt8]] = []
        while let field = scanner.next(in: block) {
            guard field.isNamed("content-type", in: block) else { continue }
            var body = FieldBody(block, value: field.value)
            _ = body.leadingValue()
            values += ParameterList(&body, limit: parameterLimit).values(of: name).map(\.bytes)
        }
        return values
    }
}
