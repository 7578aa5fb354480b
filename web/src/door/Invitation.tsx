import { TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { Notice } from '~/look'
import { Agreement } from './Agreement'
import { ask, type Opened } from './ask'
import { needed, newPassword, only } from './judge'
import { DeadLink } from './Links'
import { Password, Send, Sheet, Stack, Trouble, Waiting } from './parts'
import { enter, then } from './Signin'
import { useForm } from './useForm'
import { useOpened } from './useOpened'
import { words } from './words'

const w = words.invitation
const go = { to: '/signin', text: words.forgot.back }

/** The mailed invitation. Somebody new chooses a password; an account that exists is proved by its own one. */
export function Invitation({ token }: { token: string }) {
  const [opened, again] = useOpened(useMemo(() => (token === '' ? null : () => ask.openInvitation(token)), [token]))
  const [owed, setOwed] = useState(false)
  if (token === '') return <DeadLink then="" go={go} again={again} />
  if (opened.state === 'waiting') return <Waiting title={words.product} />
  if (opened.state === 'refused') return <DeadLink error={opened.error} then={words.link.invitation} go={go} again={again} />
  if (owed) return <Agreement company={opened.data.company} moved done={enter} />
  const Form = opened.data.known ? Known : New
  return <Form token={token} opened={opened.data} owes={() => { setOwed(true) }} />
}

interface Props {
  token: string
  opened: Opened
  owes: () => void
}

function New({ token, opened, owes }: Props) {
  const f = useForm(
    { name: '', password: '' },
    (v) => only({ name: needed(v.name, words.nameMissing), password: newPassword(v.password) }),
    async (v) => { then(await ask.accept({ token, name: v.name.trim(), password: v.password }), owes) },
  )
  return (
    <Sheet title={w.title(opened.company)} lead={w.lead(opened.email)}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          <TextInput size="md" type="email" label={words.email} value={opened.email} readOnly autoComplete="username" />
          <TextInput {...f.bind('name')} size="md" label={words.name} description={words.nameHint} autoComplete="name" required withAsterisk={false} />
          <Password {...f.bind('password')} label={words.password} description={words.passwordHint} autoComplete="new-password" required withAsterisk={false} />
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
        </Stack>
      </form>
    </Sheet>
  )
}

function Known({ token, opened, owes }: Props) {
  const f = useForm(
    { password: '' },
    (v) => only({ password: needed(v.password, words.passwordMissing) }),
    async (v) => { then(await ask.signin({ email: opened.email, password: v.password, invitation: token }), owes) },
  )
  return (
    <Sheet title={w.title(opened.company)} lead={w.lead(opened.email)}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          <Notice>{w.known}</Notice>
          <TextInput size="md" type="email" label={words.email} value={opened.email} readOnly autoComplete="username" />
          <Password {...f.bind('password')} label={words.password} autoComplete="current-password" required withAsterisk={false} />
          <Send busy={f.busy} left={f.left}>{w.sendKnown}</Send>
        </Stack>
      </form>
    </Sheet>
  )
}
