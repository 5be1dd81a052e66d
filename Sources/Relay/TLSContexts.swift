package import NIOSSL

/// TLS contexts for both doors: TLS 1.2 or later (RFC 8996).
package enum TLSContexts {
    /// For a listener's STARTTLS; both files are PEM, the certificate first and then its chain.
    /// - Throws: `NIOSSLError` or an I/O error when a file cannot be read or does not fit.
    package static func server(certificateFile: String, keyFile: String) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificateFile).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        return try NIOSSLContext(configuration: configuration)
    }

    /// For next hops; nil for the mode `none`. `trustFile` (PEM) takes the place of the system's roots.
    package static func client(
        _ mode: NextHopOptions.TLSMode, trustFile: String? = nil
    ) throws -> NIOSSLContext? {
        guard mode != .none else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = mode == .verify ? .fullVerification : .none
        if let trustFile { configuration.trustRoots = .file(trustFile) }
        return try NIOSSLContext(configuration: configuration)
    }
}
