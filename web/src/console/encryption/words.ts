import { words as admin } from '../admin/words'

const n = (count: number) => new Intl.NumberFormat('en-GB').format(count)
const keys = (count: number) => (count === 1 ? 'one key' : `${n(count)} keys`)

/** "10 minutes", "an hour", "90 seconds". */
function span(seconds: number): string {
  if (seconds === 0) return 'no time'
  if (seconds % 3_600 === 0) return seconds === 3_600 ? 'an hour' : `${String(seconds / 3_600)} hours`
  if (seconds % 60 === 0) return seconds === 60 ? 'a minute' : `${String(seconds / 60)} minutes`
  return `${String(seconds)} seconds`
}

export const words = {
  crumbs: [admin.title, admin.groups.security],
  title: admin.pages.encryption,
  lead: 'What people write and send here is stored sealed, under keys of this workspace alone. Who holds the key above them decides whether any of it can be read.',
  failed: 'The state of the keys could not be loaded',
  cancel: 'Cancel',
  change: 'Change',
  save: 'Save',
  log: 'Changes in the audit log',
  reason: 'Reason (optional)',
  reasonHint: 'It stands in the audit log.',
  span,

  key: {
    title: 'Key of the workspace',
    lead: 'It wraps the keys of contacts, rooms and persons, and is itself wrapped by the key above it.',
    wrapped: 'Wrapped by',
    roots: { file: 'The operator’s key file', server: 'The operator’s key server', own: 'Your own key server' },
    version: 'Version',
    versionOf: (version: number) => `Version ${n(version)}`,
    since: 'In use since',
    age: (days: number) => (days === 0 ? 'today' : days === 1 ? 'yesterday' : `${n(days)} days ago`),
    below: 'Keys below it',
    count: n,
    behind: (count: number) => (count === 0 ? 'all of them under this version' : `${n(count)} still under an older version`),
    confirmed: 'Last confirmed',
    states: { confirmed: 'Confirmed', away: 'Away', withdrawn: 'Withdrawn' },
    awayTitle: 'The key server does not answer',
    away: (until: string | undefined) =>
      `${until ? `Keys in memory serve until ${until}; then the workspace closes by itself.` : 'The workspace is closed until it answers.'} Nothing is lost: it opens again with the first answer, and messages of visitors are kept meanwhile.`,
    withdrawnTitle: 'The key was withdrawn',
    withdrawn: 'The key server refuses the key, so that nothing of this workspace can be read or written. Give the key back there, and the workspace opens within a minute; once the key is destroyed, all of it is lost for good.',
  },

  work: {
    title: 'Keys are being wrapped again',
    bar: 'Keys wrapped again',
    progress: (done: number, all: number) => `${n(done)} of ${n(all)} keys are under the new version. People can go on working; nothing that is sealed is touched.`,
    settling: 'All keys are under the new version. For three minutes more, the server looks for keys that were made meanwhile.',
    done: (count: number, at: string) => `The last rotation wrapped ${keys(count)} again, and ended ${at}.`,
  },

  rotate: {
    button: 'Rotate now',
    title: 'Rotate the key of the workspace?',
    text: 'The workspace gets a new key at once. The keys below it are wrapped again in the background, and everybody can go on working. When that is done, a copy of the old key opens nothing of what is stored here; backups from before still open with it.',
    yes: 'Rotate',
    done: (version: number) => `The workspace has a new key, version ${n(version)}.`,
  },

  schedule: {
    title: 'Schedule of rotation',
    lead: 'How often the workspace gets a new key by itself. A key that has sealed enough is replaced in any case.',
    days: (count: number) => (count === 0 ? 'By hand alone' : count === 1 ? 'Every day' : `Every ${n(count)} days`),
    label: 'Days between two rotations',
    hint: '0: by hand alone. At most 3,650.',
    missing: 'Please write a number from 0 to 3,650.',
    saved: 'The schedule is saved.',
  },

  server: {
    title: 'Your own key server',
    lead: 'An OpenBao or HashiCorp Vault of yours wraps the key of this workspace instead of the operator: then nothing here opens without it, not even for the operator.',
    none: 'Not in use',
    inUse: 'In use',
    setUp: 'Set up',
    stop: 'Stop using it',
    awayTerm: 'If it does not answer',
    away: (grace: string) => `Keys in memory serve for ${grace}, and then the workspace closes. Nothing is lost: it opens again with the first answer.`,
    withdrawnTerm: 'If it refuses the key',
    withdrawn: 'The workspace closes within a minute, without any grace. It opens again when you give the key back; if you destroy the key, everything is lost for good, and no copy brings it back.',
    address: 'Address',
    addressHint: 'Such as https://vault.example.com:8200. It has to be reachable from this server.',
    namespace: 'Namespace (optional)',
    mount: 'Transit engine',
    mountHint: 'The path where it is mounted.',
    key: 'Name of the key',
    keyHint: 'Of type aes256-gcm96, and not exportable.',
    ca: 'Certificate authority (optional)',
    caHint: 'PEM. Empty: the authorities that this server’s system trusts.',
    signIn: 'How this server signs in there',
    ways: { role: 'AppRole', certificate: 'Certificate' },
    authMount: 'Path of the sign-in (optional)',
    authMountHint: { role: 'Empty: approle.', certificate: 'Empty: cert.' },
    role: 'Role id',
    secret: 'Secret id',
    certificate: 'Certificate',
    certificateHint: 'PEM.',
    certificateKey: 'Key of the certificate',
    certificateKeyHint: 'PEM. It can be replaced here, and never be read.',
    secretHint: 'It can be replaced here, and never be read.',
    stored: 'Stored. Leave it empty to keep it.',
    again: 'Needed again, since it goes to another place.',
    show: 'Show what is typed',
    grace: 'Grace, in minutes',
    graceHint: 'For how long keys in memory serve while your server does not answer: 0 to 1,440 (a day).',
    graceWrong: 'Please write a number from 0 to 1,440.',
    needed: 'This is needed.',
    test: 'Test the connection',
    testedTitle: 'The key server answers as it should',
    tested: 'Sign-in, wrapping and unwrapping work. Nothing was changed.',
    failedTitle: 'The test did not pass',
    confirmTitle: 'Wrap the key of this workspace by your server?',
    confirmAgain: 'Save these settings of your key server?',
    confirmText: 'Your server is tried once more, and then wraps the key of this workspace. From then on you hold the switch:',
    yes: 'Use this server',
    saved: 'Your key server wraps the key of this workspace.',
    stopTitle: 'Give the key back to the operator?',
    stopText: 'Your key server is asked for the key a last time, and the operator wraps it from then on. After that your server can be switched off, and you can no longer close the workspace by withdrawing the key.',
    stopped: 'The operator wraps the key of this workspace.',
  },
}
