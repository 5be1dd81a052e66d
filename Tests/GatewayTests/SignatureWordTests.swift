import InspectionLink
import Testing

@testable import Gateway

/// What `status` and `scan` call the signatures: a directory is official by what the inspector has read in it.
@Suite struct SignatureWordTests {
    @Test(arguments: [
        ("official", 27_500, "official"), ("official", 0, "own"), ("test-only", 0, "test-only"), ("none", 0, "none"),
        ("official", nil, "not-loaded"), ("none", nil, "none"),
    ])
    func theWord(settings: String, version: Int?, word: String) {
        let ready = version.map {
            Ready(signatures: 1, engineVersion: "", databaseVersion: $0, databaseTime: 0, landlockABI: 0)
        }
        #expect(StatusDocument.signatures(settings, ready) == word)
    }

    /// A `daily.cud`, which nobody has signed, stands in for nobody, whatever it calls itself.
    @Test func whatNobodyHasSignedIsOwn() {
        let ready = Ready(
            signatures: 1, engineVersion: "", databaseVersion: 27_500, databaseTime: 1, isSigned: false, landlockABI: 0)
        #expect(StatusDocument.signatures("official", ready) == "own" && !ready.isOfficial)
    }
}
