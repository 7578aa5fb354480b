import { PasskeyError, type PasskeyJSON } from '~/proof/webauthn'

/** A challenge is good for five minutes; a page may stand open for longer. */
export const renewAfter = 4 * 60_000

export interface Autofill<S> {
  can: () => Promise<boolean>
  begin: () => Promise<{ ceremony: string; options: unknown }>
  show: (options: unknown) => Promise<PasskeyJSON>
  finish: (b: { ceremony: string; credential: PasskeyJSON }) => Promise<S>
  then: (state: S) => void
  refused: (e: unknown) => void
  /** Whether a passkey is asked for by the button, or the password is on its way: a browser shows one request at a time. */
  resting: () => boolean
  /** Whether somebody looks at the page. */
  watched: () => boolean
  /** The challenge grew old while nobody looked: the next one is asked for when somebody does. */
  idle: () => void
}

/**
 * Offers passkeys in the list that the browser shows under the address, until it is told to end. Until somebody picks one nothing
 * is seen of it, and where it does not work nothing is said.
 */
export function autofill<S>(of: Autofill<S>): () => void {
  let here = true
  let renew = 0
  const over = () => !here || of.resting()
  async function offer(): Promise<void> {
    if (!(await of.can()) || over()) return
    let ceremony: string
    let credential: PasskeyJSON
    try {
      const begun = await of.begin()
      if (over()) return
      renew = window.setTimeout(() => {
        if (over()) return
        if (of.watched()) void offer()
        else of.idle()
      }, renewAfter)
      ceremony = begun.ceremony
      credential = await of.show(begun.options)
    } catch {
      return
    }
    window.clearTimeout(renew)
    try {
      const state = await of.finish({ ceremony, credential })
      if (here) of.then(state)
    } catch (e) {
      if (!here || e instanceof PasskeyError) return
      of.refused(e)
      void offer()
    }
  }
  void offer()
  return () => {
    here = false
    window.clearTimeout(renew)
  }
}
