internal import Bytes
package import MailModel

/// Parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), RET, ENVID, NOTIFY, ORCPT
/// (RFC 3461), AUTH (RFC 4954 section 5, accepted and ignored).
package enum Parameters {
    /// Octets of `ENVID=` (RFC 3461 section 4.4). A longer one is left out, for it means nothing to whoever passes mail on: Postfix takes
    /// it, and would bounce mail that we refuse for it.
    package static let envelopeIDLimit = 100
    /// Octets of `ORCPT=` (RFC 3461 section 4.2).
    package static let originalRecipientLimit = 500

    private struct Parameter {
        var keyword: ArraySlice<UInt8>
        var value: ArraySlice<UInt8>?
    }

    /// Reads the parameters of MAIL. Unknown: 555 5.5.4; repeated or malformed: 501 5.5.4.
    package static func mail(_ text: ArraySlice<UInt8>) throws(Refusal) -> MailParameters {
        var result = MailParameters()
        var seen: Set<String> = []
        for parameter in try split(text) {
            let value = parameter.value
            let keyword = parameter.keyword
            let name: String
            if equalIgnoringCase(keyword, "SIZE") {
                name = "SIZE"
                result.declaredSize = try size(value)
            } else if equalIgnoringCase(keyword, "BODY") {
                name = "BODY"
                result.body = try body(value)
            } else if equalIgnoringCase(keyword, "SMTPUTF8") {
                name = "SMTPUTF8"
                guard value == nil else { throw malformed(name) }
                result.smtputf8 = true
            } else if equalIgnoringCase(keyword, "RET") {
                name = "RET"
                result.ret = try ret(value)
            } else if equalIgnoringCase(keyword, "ENVID") {
                name = "ENVID"
                result.envelopeID = try envelopeID(value)
            } else if equalIgnoringCase(keyword, "AUTH") {
                name = "AUTH"
                guard let value, equalIgnoringCase(value, "<>") || Xtext.decode(value) != nil else {
                    throw malformed(name)
                }
            } else {
                throw unknown("MAIL FROM")
            }
            guard seen.insert(name).inserted else { throw repeated(name) }
        }
        return result
    }

    /// Reads the parameters of RCPT; `path` is the recipient they belong to.
    /// - Parameter smtputf8: MAIL said SMTPUTF8, so an `ORCPT=utf-8;` may hold octets above 0x7F (RFC 6533 section 3).
    package static func recipient(
        _ text: ArraySlice<UInt8>, path: MailPath, smtputf8: Bool
    ) throws(Refusal) -> Recipient {
        var result = Recipient(path: path)
        for parameter in try split(text) {
            if equalIgnoringCase(parameter.keyword, "NOTIFY") {
                guard result.notify == nil else { throw repeated("NOTIFY") }
                result.notify = try notify(parameter.value)
            } else if equalIgnoringCase(parameter.keyword, "ORCPT") {
                guard result.originalRecipient == nil else { throw repeated("ORCPT") }
                result.originalRecipient = try originalRecipient(parameter.value, smtputf8: smtputf8)
            } else {
                throw unknown("RCPT TO")
            }
        }
        return result
    }

    private static func split(_ text: ArraySlice<UInt8>) throws(Refusal) -> [Parameter] {
        var result: [Parameter] = []
        for word in text.split(separator: 0x20) {
            let equals = word.firstIndex(of: 0x3D)
            let keyword = word[..<(equals ?? word.endIndex)]
            guard let first = keyword.first, first.isLetter || first.isDigit,
                keyword.allSatisfy({ $0.isLetter || $0.isDigit || $0 == 0x2D }),
                word.allSatisfy({ !$0.isControl })
            else { throw malformed("command") }
            result.append(Parameter(keyword: keyword, value: equals.map { word[($0 + 1)...] }))
        }
        return result
    }

    private static func size(_ value: ArraySlice<UInt8>?) throws(Refusal) -> Int {
        guard let value, !value.isEmpty, value.count <= 20, value.allSatisfy({ $0.isDigit }) else {
            throw malformed("SIZE")
        }
        var size = 0
        for digit in value {
            let (product, overflow) = size.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit - 0x30))
            // 20 digits are allowed by RFC 1870 and do not fit 64 bits: larger than any limit is all that matters.
            if overflow || carry { return Int.max }
            size = sum
        }
        return size
    }

    private static func body(_ value: ArraySlice<UInt8>?) throws(Refusal) -> BodyType {
        if let value, equalIgnoringCase(value, "7BIT") { return .sevenBit }
        if let value, equalIgnoringCase(value, "8BITMIME") { return .eightBitMIME }
        throw malformed("BODY")
    }

    private static func ret(_ value: ArraySlice<UInt8>?) throws(Refusal) -> ReturnContent {
        if let value, equalIgnoringCase(value, "FULL") { return .full }
        if let value, equalIgnoringCase(value, "HDRS") { return .headers }
        throw malformed("RET")
    }

    private static func envelopeID(_ value: ArraySlice<UInt8>?) throws(Refusal) -> [UInt8]? {
        guard let value, !value.isEmpty, let decoded = Xtext.decode(value), decoded.allSatisfy({ !$0.isControl })
        else { throw malformed("ENVID") }
        return value.count <= envelopeIDLimit ? Array(value) : nil
    }

    private static func notify(_ value: ArraySlice<UInt8>?) throws(Refusal) -> NotifyConditions {
        guard let value else { throw malformed("NOTIFY") }
        if equalIgnoringCase(value, "NEVER") { return .never }
        var conditions: NotifyConditions = []
        for word in value.split(separator: 0x2C, omittingEmptySubsequences: false) {
            if equalIgnoringCase(word, "SUCCESS") {
                conditions.insert(.success)
            } else if equalIgnoringCase(word, "FAILURE") {
                conditions.insert(.failure)
            } else if equalIgnoringCase(word, "DELAY") {
                conditions.insert(.delay)
            } else {
                throw malformed("NOTIFY")
            }
        }
        return conditions
    }

    private static func originalRecipient(
        _ value: ArraySlice<UInt8>?, smtputf8: Bool
    ) throws(Refusal) -> [UInt8] {
        guard let value, value.count <= originalRecipientLimit, let semicolon = value.firstIndex(of: 0x3B) else {
            throw malformed("ORCPT")
        }
        let type = value[..<semicolon]
        let address = value[(semicolon + 1)...]
        guard !type.isEmpty, type.allSatisfy({ $0.isAtomText && !$0.isEightBit }), !address.isEmpty else {
            throw malformed("ORCPT")
        }
        if address.contains(where: { $0.isEightBit }) {
            guard smtputf8, equalIgnoringCase(type, "utf-8"), address.isUTF8 else { throw malformed("ORCPT") }
            guard Xtext.decode(ArraySlice(address.filter { !$0.isEightBit })) != nil else { throw malformed("ORCPT") }
        } else {
            guard let decoded = Xtext.decode(address), decoded.allSatisfy({ !$0.isControl }) else {
                throw malformed("ORCPT")
            }
        }
        return Array(value)
    }

    private static func malformed(_ name: String) -> Refusal {
        Refusal(501, EnhancedStatus(5, 5, 4), "Bad \(name) parameter syntax")
    }

    private static func repeated(_ name: String) -> Refusal {
        Refusal(501, EnhancedStatus(5, 5, 4), "\(name) parameter given twice")
    }

    private static func unknown(_ command: String) -> Refusal {
        Refusal(555, EnhancedStatus(5, 5, 4), "Unsupported parameter of \(command)")
    }
}
