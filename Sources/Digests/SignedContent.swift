internal import COpenSSL

/// Content of cryptographic messages (RFC 5652), read by OpenSSL. No signature is verified here and no certificate is
/// believed: what is signed is looked at like anything else.
package enum SignedContent: Hashable, Sendable {
    /// Signed, digested or authenticated data, or data as they are: the octets; nil when they stand elsewhere (a detached
    /// signature).
    case signed([UInt8]?)
    /// Compressed data (RFC 3274): the octets as they are, deflated in zlib's form.
    case compressed([UInt8])
    /// Enveloped, encrypted or authenticated-enveloped data: nobody without the key can read it.
    case encrypted
    /// Another content type.
    case other

    /// Reads a content info in DER or BER.
    /// - Returns: nil when it is none, or is damaged.
    package static func read(_ bytes: Span<UInt8>) -> SignedContent? {
        let message: OpaquePointer? = bytes.withUnsafeBufferPointer { buffer in
            var at = buffer.baseAddress
            return d2i_CMS_ContentInfo(nil, &at, buffer.count)
        }
        guard let message else {
            ERR_clear_error()
            return nil
        }
        defer { CMS_ContentInfo_free(message) }
        switch OBJ_obj2nid(CMS_get0_type(message)) {
        case NID_pkcs7_signed, NID_pkcs7_digest, NID_pkcs7_data, NID_id_smime_ct_authData:
            return .signed(content(message))
        case NID_id_smime_ct_compressedData: return content(message).map { .compressed($0) } ?? .other
        case NID_pkcs7_enveloped, NID_pkcs7_encrypted, NID_id_smime_ct_authEnvelopedData: return .encrypted
        default: return .other
        }
    }

    private static func content(_ message: OpaquePointer) -> [UInt8]? {
        guard let place = CMS_get0_content(message), let octets = place.pointee else { return nil }
        let length = ASN1_STRING_length(octets)
        guard length > 0, let data = ASN1_STRING_get0_data(octets) else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(length)))
    }
}
