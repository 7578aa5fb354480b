import { Button, TextInput } from '@mantine/core'
import { IconFingerprint } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { sentence } from '~/api/problem'
import { Failed, Notice } from '~/look'
import { canAutofill, canPasskey, PasskeyError, type PasskeyJSON, showPasskey, stopPasskey } from '~/proof/webauthn'
import { ask, type Door, type SigninState } from './ask'
import { Elsewhere } from './Elsewhere'
import { email, needed, only } from './judge'
import { Aside, Or, Password, Send, Sheet, Stack, styles, Trouble, Waiting } from './parts'
import { enter, Steps } from './Steps'
import { useForm } from './useForm'
import { useOpened } from './useOpened'
import { words } from './words'

const w = words.signin

/** A workspace's sign-in; on the bare domain, where no workspace is, the way to one. */
export function Signin() {
  const [door, again] = useOpened(ask.door)
  const [step, setStep] = useState<SigninState>()
  const [late, setLate] = useState(() => new URLSearchParams(location.search).has('late'))
  if (door.state === 'waiting') return <Waiting title={w.title} />
  if (door.state === 'refused') {
    return <Sheet title={w.title}><Stack><Failed text={sentence(door.error)} again={again} /></Stack></Sheet>
  }
  const { company, signed_in } = door.data
  if (!company) return <Elsewhere />
  const owed = step ?? door.data.step
  if (owed) {
    const lost = (tooLate: boolean) => {
      setLate(tooLate)
      setStep(undefined)
      again()
    }
    return <Steps company={company} first={owed} moved={step !== undefined} lost={lost} />
  }
  if (signed_in) {
    return (
      <Sheet title={w.already} lead={w.alreadyText(company)}>
        <Stack><Button size="md" onClick={enter}>{w.go}</Button></Stack>
      </Sheet>
    )
  }
  return <Form door={door.data} late={late} then={setStep} />
}

/** Whether the console sent the person here because the session had ended. */
const ended = (): boolean => new URLSearchParams(location.search).has('ended')

function Form({ door, late, then }: { door: Door; late: boolean; then: (s: SigninState) => void }) {
  const passkeys = door.passkeys === true && canPasskey()
  const [round, setRound] = useState(0) // of the autofill, which rests while something else goes on
  const f = useForm(
    { email: '', password: '' },
    (v) => only({ email: email(v.email), password: needed(v.password, words.passwordMissing) }),
    async (v) => {
      stopPasskey()
      try {
        then(await ask.signin({ email: v.email.trim(), password: v.password }))
      } catch (e) {
        setRound((n) => n + 1)
        throw e
      }
    },
  )
  const withPasskey = () => {
    f.run(async () => {
      try {
        const { ceremony, options } = await ask.signinPasskeyBegin()
        then(await ask.signinPasskey({ ceremony, credential: await showPasskey(options) }))
      } catch (e) {
        setRound((n) => n + 1)
        throw e
      }
    })
  }
  useAutofill(passkeys, round, then, f.refused)
  return (
    <Sheet title={w.title} lead={w.at(door.company)}>
      <form {...f.form}>
        <Stack>
          {f.trouble === '' && late && <Notice>{w.late}</Notice>}
          {f.trouble === '' && !late && ended() && <Notice>{w.ended}</Notice>}
          <Trouble text={f.trouble} />
          <TextInput {...f.bind('email')} size="md" type="email" label={words.email} autoComplete={passkeys ? 'username webauthn' : 'username'} autoCapitalize="none" spellCheck={false} required withAsterisk={false} autoFocus />
          <Password {...f.bind('password')} label={words.password} autoComplete="current-password" required withAsterisk={false} />
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
        </Stack>
      </form>
      {passkeys && (
        <div className={styles.beside}>
          <Or />
          <Button size="md" fullWidth variant="default" aria-disabled={f.busy || f.left > 0 || undefined} leftSection={<IconFingerprint size={19} aria-hidden />} onClick={withPasskey}>{w.passkey}</Button>
        </div>
      )}
      <Aside><a href="/forgot">{w.forgot}</a></Aside>
    </Sheet>
  )
}

/** A challenge is good for five minutes; a page may stand open for longer. */
const renewAfter = 4 * 60_000

/**
 * Offers passkeys in the list that the browser shows under the address. Until somebody picks one nothing is seen of it,
 * and where it does not work nothing is said.
 */
function useAutofill(on: boolean, round: number, then: (s: SigninState) => void, refused: (e: unknown) => void): void {
  const latest = useRef({ then, refused })
  useEffect(() => { latest.current = { then, refused } })
  useEffect(() => {
    if (!on) return undefined
    let here = true
    let renew = 0
    async function offer(): Promise<void> {
      if (!(await canAutofill()) || !here) return
      let ceremony: string
      let credential: PasskeyJSON
      try {
        const begun = await ask.signinPasskeyBegin()
        if (!here) return
        renew = window.setTimeout(() => void offer(), renewAfter)
        ceremony = begun.ceremony
        credential = await showPasskey(begun.options, true)
      } catch {
        return
      }
      window.clearTimeout(renew)
      try {
        const state = await ask.signinPasskey({ ceremony, credential })
        if (here) latest.current.then(state)
      } catch (e) {
        if (!here || e instanceof PasskeyError) return
        latest.current.refused(e)
        void offer()
      }
    }
    void offer()
    return () => {
      here = false
      window.clearTimeout(renew)
      stopPasskey()
    }
  }, [on, round])
}
