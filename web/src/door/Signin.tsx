import { Button, TextInput } from '@mantine/core'
import { IconFingerprint } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { sentence } from '~/api/problem'
import { Failed, Notice } from '~/look'
import { canAutofill, canPasskey, showPasskey, stopPasskey } from '~/proof/webauthn'
import { ask, type Door, type SigninState } from './ask'
import { autofill } from './autofill'
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
  const [reached, setReached] = useState(false) // the address has the focus: only then a challenge is asked for
  const resting = useRef(false)
  const goOn = () => {
    resting.current = false
    setRound((n) => n + 1)
  }
  const f = useForm(
    { email: '', password: '' },
    (v) => only({ email: email(v.email), password: needed(v.password, words.passwordMissing) }),
    async (v) => {
      resting.current = true
      stopPasskey()
      try {
        then(await ask.signin({ email: v.email.trim(), password: v.password }))
      } catch (e) {
        goOn()
        throw e
      }
    },
  )
  const withPasskey = () => {
    f.run(async () => {
      resting.current = true
      try {
        const { ceremony, options } = await ask.signinPasskeyBegin()
        then(await ask.signinPasskey({ ceremony, credential: await showPasskey(options) }))
      } catch (e) {
        goOn()
        throw e
      }
    })
  }
  useAutofill(passkeys && reached, round, then, f.refused, () => resting.current, () => { setReached(false) })
  return (
    <Sheet title={w.title} lead={w.at(door.company)}>
      <form {...f.form}>
        <Stack>
          {f.trouble === '' && late && <Notice>{w.late}</Notice>}
          {f.trouble === '' && !late && ended() && <Notice>{w.ended}</Notice>}
          <Trouble text={f.trouble} />
          <TextInput {...f.bind('email')} onFocus={() => { setReached(true) }} size="md" type="email" label={words.email} autoComplete={passkeys ? 'username webauthn' : 'username'} autoCapitalize="none" spellCheck={false} required withAsterisk={false} autoFocus />
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

/** Keeps the offer of passkeys under the address standing, from when the field has the focus first. */
function useAutofill(on: boolean, round: number, then: (s: SigninState) => void, refused: (e: unknown) => void, resting: () => boolean, idle: () => void): void {
  const latest = useRef({ then, refused, resting, idle })
  useEffect(() => { latest.current = { then, refused, resting, idle } })
  useEffect(() => {
    if (!on) return undefined
    const end = autofill<SigninState>({
      can: canAutofill, begin: ask.signinPasskeyBegin, show: (options) => showPasskey(options, true), finish: ask.signinPasskey, watched: () => document.hasFocus(),
      then: (state) => { latest.current.then(state) },
      refused: (e) => { latest.current.refused(e) },
      resting: () => latest.current.resting(),
      idle: () => { latest.current.idle() },
    })
    return () => {
      end()
      if (!latest.current.resting()) stopPasskey()
    }
  }, [on, round])
}
