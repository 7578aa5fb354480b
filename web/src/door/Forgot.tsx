import { TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { Strength } from '~/proof/Strength'
import { ask } from './ask'
import { email, newPassword, only, usualLength } from './judge'
import { DeadLink } from './Links'
import { Aside, Go, Password, Send, Sheet, Stack, Trouble, Waiting } from './parts'
import { useForm } from './useForm'
import { useOpened } from './useOpened'
import { words } from './words'

const back = <a href="/signin">{words.forgot.back}</a>

/** The way back in. The answer is the same for an address that is known and one that is not. */
export function Forgot() {
  const w = words.forgot
  const [sent, setSent] = useState('')
  const f = useForm(
    { email: '' },
    (v) => only({ email: email(v.email) }),
    async (v) => {
      await ask.forgot(v.email.trim())
      setSent(v.email.trim())
    },
  )
  if (sent) return <Sheet title={w.sent} lead={w.sentText(sent)} moved><Aside>{back}</Aside></Sheet>
  return (
    <Sheet title={w.title} lead={w.lead}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          <TextInput {...f.bind('email')} size="md" type="email" label={words.email} autoComplete="username" autoCapitalize="none" spellCheck={false} required withAsterisk={false} autoFocus />
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
        </Stack>
      </form>
      <Aside>{back}</Aside>
    </Sheet>
  )
}

const go = { to: '/forgot', text: words.reset.again }

/** The mailed link of a forgotten password. It sets the password and opens no session. */
export function Reset({ token }: { token: string }) {
  const w = words.reset
  const [opened, again] = useOpened(useMemo(() => (token === '' ? null : () => ask.openReset(token)), [token]))
  const [done, setDone] = useState(false)
  const min = (opened.state === 'here' ? opened.data?.min_length : undefined) ?? usualLength
  const f = useForm(
    { password: '' },
    (v) => only({ password: newPassword(v.password, min) }),
    async (v) => {
      await ask.reset({ token, password: v.password })
      setDone(true)
    },
  )
  if (token === '') return <DeadLink then="" go={go} again={again} />
  if (opened.state === 'waiting') return <Waiting title={w.title} />
  if (opened.state === 'refused') return <DeadLink error={opened.error} then={words.link.reset} go={go} again={again} />
  if (done) return <Sheet title={w.done} lead={w.doneText} moved><Stack><Go to="/signin">{words.landing.signin}</Go></Stack></Sheet>
  return (
    <Sheet title={w.title} lead={w.lead}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          <Password {...f.bind('password')} label={words.newPassword} description={words.passwordHint(min)} autoComplete="new-password" required withAsterisk={false} autoFocus />
          <Strength password={f.values.password} min={min} own={[]} />
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
        </Stack>
      </form>
    </Sheet>
  )
}
