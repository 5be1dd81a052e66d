import Glibc

/// Reads the configuration: one YAML file.
///
/// Every problem in it is found in one run; only where the text is not YAML at all nothing behind the place is looked at.
/// Values are converted by the schema of the settings, never by YAML's own rules: `no` is a text where a text is wanted.
package enum ConfigurationFile {
    /// Largest file that is read, in octets.
    package static let sizeLimit = 1_048_576

    /// Reads and checks a file. A file that is missing, unreadable or too large is one problem without line and column.
    package static func load(path: String) -> LoadedConfiguration {
        do throws(ValueError) {
            return parse(try contents(of: path), file: path)
        } catch {
            var loaded = LoadedConfiguration(file: path)
            loaded.report(at: "", message: error.message)
            return loaded
        }
    }

    /// Reads and checks text; `file` is its name in problems.
    package static func parse(_ text: String, file: String) -> LoadedConfiguration {
        parse(Array(text.utf8), file: file)
    }

    /// Reads and checks the octets of a file; `file` is its name in problems.
    package static func parse(_ octets: [UInt8], file: String) -> LoadedConfiguration {
        var loaded = LoadedConfiguration(file: file)
        guard octets.count <= sizeLimit else {
            loaded.report(at: "", message: tooLarge)
            return loaded
        }
        let source = SourceText(octets)
        var faults = source.faults
        if faults.isEmpty {
            let document = YAMLDocument(source)
            var reader = SettingsReader(loaded: loaded, faults: document.faults)
            if let root = document.root { reader.read(root) }
            if document.isComplete { reader.check() }
            loaded = reader.loaded
            faults = reader.faults
        }
        loaded.problems += faults.map {
            Problem(file: file, position: $0.position, severity: $0.severity, message: $0.message)
        }
        loaded.problems.sort { ($0.line, $0.column) < ($1.line, $1.column) }
        return loaded
    }

    private static let tooLarge = "larger than \(sizeText(sizeLimit)); this is not a configuration"

    private static func contents(of path: String) throws(ValueError) -> [UInt8] {
        // A FIFO must not hold up the start: it is refused below.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw ValueError("cannot be opened: \(reason(errno))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw ValueError("cannot be read: \(reason(errno))") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ValueError("not a regular file") }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while octets.count <= sizeLimit {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return octets }
            if count < 0 {
                if errno == EINTR { continue }
                throw ValueError("cannot be read: \(reason(errno))")
            }
            octets += buffer[..<count]
        }
        throw ValueError(tooLarge)
    }

    private static func reason(_ code: Int32) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
