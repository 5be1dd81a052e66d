internal import CSandbox

/// Becomes an unprivileged user that may still read every file (`capabilities(7)`, `CAP_DAC_READ_SEARCH`), for a program of
/// root's that reads mailboxes of many users and writes into one user's store. Called before there is a second thread.
package func becomeReader(user: UInt32, group: UInt32) throws(SystemError) {
    let code = csandbox_become_reader(user, group)
    if code != 0 { throw SystemError("become user \(user)", code: code) }
    try setNotDumpable()
}
