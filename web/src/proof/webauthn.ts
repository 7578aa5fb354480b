// Passkeys in the browser (WebAuthn level 3). The server speaks the JSON forms of section 5.1.8 and 5.1.9; browsers that
// can convert them do, and for the others it is done by hand here.

import { words } from './words'

const bytes = (text: string): Uint8Array<ArrayBuffer> => {
  const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(raw, (c) => c.charCodeAt(0))
}

export function base64url(of: ArrayBuffer): string {
  let raw = ''
  for (const byte of new Uint8Array(of)) raw += String.fromCharCode(byte)
  return btoa(raw).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

const named = (list?: PublicKeyCredentialDescriptorJSON[]): PublicKeyCredentialDescriptor[] | undefined =>
  list?.map(({ id, type, transports }) => ({ id: bytes(id), type: type as 'public-key', ...(transports ? { transports: transports as AuthenticatorTransport[] } : {}) }))

/** What the browser is asked for a sign-in, from the server's JSON. */
export function requestOptions(json: PublicKeyCredentialRequestOptionsJSON): PublicKeyCredentialRequestOptions {
  if (typeof PublicKeyCredential !== 'undefined' && 'parseRequestOptionsFromJSON' in PublicKeyCredential) return PublicKeyCredential.parseRequestOptionsFromJSON(json)
  const { challenge, rpId, timeout, userVerification, allowCredentials } = json
  return {
    challenge: bytes(challenge),
    ...(rpId ? { rpId } : {}),
    ...(timeout ? { timeout } : {}),
    ...(userVerification ? { userVerification: userVerification as UserVerificationRequirement } : {}),
    ...(allowCredentials ? { allowCredentials: named(allowCredentials) } : {}),
  }
}

/** What the browser is asked for a new passkey, from the server's JSON. */
export function creationOptions(json: PublicKeyCredentialCreationOptionsJSON): PublicKeyCredentialCreationOptions {
  if (typeof PublicKeyCredential !== 'undefined' && 'parseCreationOptionsFromJSON' in PublicKeyCredential) return PublicKeyCredential.parseCreationOptionsFromJSON(json)
  const { challenge, user, excludeCredentials, extensions, ...rest } = json
  return {
    ...(rest as unknown as PublicKeyCredentialCreationOptions),
    challenge: bytes(challenge),
    user: { ...user, id: bytes(user.id) },
    ...(excludeCredentials ? { excludeCredentials: named(excludeCredentials) } : {}),
    ...(extensions?.credProps ? { extensions: { credProps: true } } : {}),
  }
}

/** A credential in its JSON form. */
export type PasskeyJSON = Record<string, unknown>

/** A credential as the server reads it. */
export function asJSON(made: PublicKeyCredential): PasskeyJSON {
  if (typeof made.toJSON === 'function') {
    try {
      return made.toJSON() as unknown as PasskeyJSON
    } catch {
      // Password managers put their own objects in place of the browser's, and some of those can't do this.
    }
  }
  const r = made.response
  const response: Record<string, unknown> = { clientDataJSON: base64url(r.clientDataJSON) }
  if ('attestationObject' in r) {
    const made = r as AuthenticatorAttestationResponse
    response['attestationObject'] = base64url(made.attestationObject)
    response['transports'] = typeof made.getTransports === 'function' ? made.getTransports() : []
  } else {
    const shown = r as AuthenticatorAssertionResponse
    response['authenticatorData'] = base64url(shown.authenticatorData)
    response['signature'] = base64url(shown.signature)
    if (shown.userHandle) response['userHandle'] = base64url(shown.userHandle)
  }
  return {
    id: made.id,
    rawId: base64url(made.rawId),
    type: made.type,
    response,
    clientExtensionResults: made.getClientExtensionResults(),
    ...(made.authenticatorAttachment ? { authenticatorAttachment: made.authenticatorAttachment } : {}),
  }
}

/** Whether this browser knows passkeys at all. */
export function canPasskey(): boolean {
  return typeof PublicKeyCredential !== 'undefined' && typeof navigator.credentials?.get === 'function'
}

/** Whether this browser offers passkeys in the list of its autofill. */
export async function canAutofill(): Promise<boolean> {
  if (!canPasskey() || typeof PublicKeyCredential.isConditionalMediationAvailable !== 'function') return false
  return PublicKeyCredential.isConditionalMediationAvailable().catch(() => false)
}

/** A browser or an authenticator said no; its words may be shown. */
export class PasskeyError extends Error {
  /** The person, or another request of this page, broke it off: nothing to complain about. */
  readonly broken: boolean

  constructor(name: string, making: boolean) {
    super(reason(name, making))
    this.name = 'PasskeyError'
    this.broken = name === 'AbortError'
  }
}

/** The reasons of WebAuthn level 3, sections 5.1.3 and 5.1.4, in plain words. Browsers do not tell a person's "no" from a wait that was too long. */
function reason(name: string, making: boolean): string {
  const w = words.passkeyErrors
  switch (name) {
    case 'NotAllowedError':
      return making ? w.cancelledMaking : w.cancelled
    case 'TimeoutError':
      return w.late
    case 'InvalidStateError':
      return making ? w.already : w.unknown
    case 'SecurityError':
      return w.place
    case 'NotSupportedError':
      return w.kind
    case 'ConstraintError':
      return w.noVerification
    case 'NotReadableError':
      return w.unreadable
    case 'AbortError':
      return w.broken
    default:
      return w.other
  }
}

async function guarded(making: boolean, ask: () => Promise<unknown>): Promise<PasskeyJSON> {
  if (!canPasskey()) throw new PasskeyError('NotSupportedError', making)
  let made: unknown
  try {
    made = await ask()
  } catch (e) {
    throw new PasskeyError(e instanceof Error || e instanceof DOMException ? e.name : '', making)
  }
  if (!made) throw new PasskeyError('NotAllowedError', making)
  return asJSON(made as PublicKeyCredential)
}

// One request at a time is what browsers allow: a later one takes the place of an earlier one, such as the autofill's.
let running: AbortController | undefined

/** Breaks off what runs, such as the autofill when the password is sent instead. */
export function stopPasskey(): void {
  running?.abort()
  running = undefined
}

function takeOver(): AbortSignal {
  stopPasskey()
  running = new AbortController()
  return running.signal
}

/** Shows a passkey that exists. As autofill it waits, perhaps for ever, until the person picks one from the list of a field. */
export function showPasskey(options: unknown, autofill = false): Promise<PasskeyJSON> {
  const signal = takeOver()
  return guarded(false, () => navigator.credentials.get({
    publicKey: requestOptions(options as PublicKeyCredentialRequestOptionsJSON),
    signal,
    ...(autofill ? { mediation: 'conditional' as const } : {}),
  }))
}

/** Makes a new passkey. */
export function makePasskey(options: unknown): Promise<PasskeyJSON> {
  const signal = takeOver()
  return guarded(true, () => navigator.credentials.create({ publicKey: creationOptions(options as PublicKeyCredentialCreationOptionsJSON), signal }))
}
