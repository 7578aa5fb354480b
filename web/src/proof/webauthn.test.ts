import { afterEach, describe, expect, it, vi } from 'vitest'
import { asJSON, base64url, creationOptions, makePasskey, PasskeyError, requestOptions, showPasskey, stopPasskey } from './webauthn'

const buffer = (...b: number[]): ArrayBuffer => new Uint8Array(b).buffer
const list = (b: BufferSource): number[] => [...new Uint8Array(b as ArrayBuffer)]

afterEach(() => { vi.unstubAllGlobals() })

describe('the JSON of WebAuthn, where the browser cannot convert it', () => {
  it('reads what a sign-in asks', () => {
    const o = requestOptions({ challenge: '-_8', rpId: 'parlatory.example', userVerification: 'required', timeout: 300000, allowCredentials: [{ id: 'AAEC', type: 'public-key', transports: ['usb'] }] })
    expect(list(o.challenge)).toEqual([0xfb, 0xff])
    expect(o.rpId).toBe('parlatory.example')
    expect(o.userVerification).toBe('required')
    expect(list(o.allowCredentials?.[0]?.id as BufferSource)).toEqual([0, 1, 2])
    expect(o.allowCredentials?.[0]?.transports).toEqual(['usb'])
  })
  it('leaves out what was not asked', () => {
    expect(requestOptions({ challenge: 'AA' })).not.toHaveProperty('allowCredentials')
  })
  it('reads what a new passkey asks', () => {
    const o = creationOptions({
      challenge: 'AQ', rp: { id: 'parlatory.example', name: 'Parlatory' }, user: { id: 'Ag', name: 'ann@acme.example', displayName: 'Ann' },
      pubKeyCredParams: [{ type: 'public-key', alg: -8 }], excludeCredentials: [{ id: 'AwQ', type: 'public-key' }], attestation: 'none',
    })
    expect(list(o.challenge)).toEqual([1])
    expect(list(o.user.id)).toEqual([2])
    expect(o.user.name).toBe('ann@acme.example')
    expect(list(o.excludeCredentials?.[0]?.id as BufferSource)).toEqual([3, 4])
  })
  it('writes an assertion', () => {
    const shown = {
      id: '-_8', rawId: buffer(0xfb, 0xff), type: 'public-key', authenticatorAttachment: 'platform', getClientExtensionResults: () => ({}),
      response: { clientDataJSON: buffer(1), authenticatorData: buffer(2), signature: buffer(3), userHandle: null },
    } as unknown as PublicKeyCredential
    expect(asJSON(shown)).toEqual({
      id: '-_8', rawId: '-_8', type: 'public-key', authenticatorAttachment: 'platform', clientExtensionResults: {},
      response: { clientDataJSON: 'AQ', authenticatorData: 'Ag', signature: 'Aw' },
    })
  })
  it('writes a new passkey, also when toJSON of a password manager fails', () => {
    const made = {
      id: 'AA', rawId: buffer(0), type: 'public-key', getClientExtensionResults: () => ({ credProps: { rk: true } }),
      toJSON: () => { throw new TypeError('Illegal invocation') },
      response: { clientDataJSON: buffer(1), attestationObject: buffer(2), getTransports: () => ['internal'] },
    } as unknown as PublicKeyCredential
    expect(asJSON(made)).toEqual({
      id: 'AA', rawId: 'AA', type: 'public-key', clientExtensionResults: { credProps: { rk: true } },
      response: { clientDataJSON: 'AQ', attestationObject: 'Ag', transports: ['internal'] },
    })
  })
  it('goes round', () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    const o = requestOptions({ challenge: base64url(all.buffer) })
    expect(list(o.challenge)).toEqual([...all])
  })
})

describe('a browser that says no', () => {
  function browser(credentials: unknown) {
    vi.stubGlobal('PublicKeyCredential', () => undefined)
    vi.stubGlobal('navigator', { credentials })
  }
  const no = (name: string) => () => Promise.reject(new DOMException('x', name))
  it('is put into plain words', async () => {
    browser({ get: no('NotAllowedError'), create: no('InvalidStateError') })
    await expect(showPasskey({ challenge: 'AA' })).rejects.toThrow(/cancelled/)
    await expect(makePasskey({ challenge: 'AA', user: { id: 'AA' } })).rejects.toThrow(/already/)
  })
  it.each(['SecurityError', 'NotSupportedError', 'ConstraintError', 'TimeoutError', 'Whatever'])('%s has a sentence', (name) => {
    expect(new PasskeyError(name, true).message).toMatch(/^[A-Z].*\.$/)
  })
  it('says so where passkeys are unknown', async () => {
    vi.stubGlobal('navigator', {})
    await expect(showPasskey({ challenge: 'AA' })).rejects.toThrow(PasskeyError)
  })
  it('breaks off the autofill when something else begins', async () => {
    const signals: AbortSignal[] = []
    browser({
      get: ({ signal }: { signal: AbortSignal }) => {
        signals.push(signal)
        return new Promise((_, failed) => { signal.addEventListener('abort', () => { failed(new DOMException('x', 'AbortError')) }) })
      },
    })
    const waiting = showPasskey({ challenge: 'AA' }, true)
    const caught = waiting.catch((e: unknown) => e)
    const second = showPasskey({ challenge: 'AA' }).catch((e: unknown) => e)
    expect(((await caught) as PasskeyError).broken).toBe(true)
    stopPasskey()
    expect(((await second) as PasskeyError).broken).toBe(true)
    expect(signals).toHaveLength(2)
  })
})
