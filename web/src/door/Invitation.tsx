import { TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { Notice } from '~/look'
import { Strength } from '~/proof/Strength'
import { ask, type Opened, type SigninState } from './ask'
import { needed, newPassword, only, usualLength } from './judge'
import { DeadLink } from './Links'
import { Password, Send, Sheet, Stack, Trouble, Waiting } from './parts'
import { Steps } from './Steps'
import { useForm } from './useForm'
import { useOpened } from './useOpened'
import { words } from './words'

const w = words.invitation
const go = { to: '/signin', text: words.forgot.back }

/** The mailed invitation. Somebody new chooses a password; an account that exists is proved by its own one. */
export function Invitation({ token }: { token: string }) {
  const [opened, again] = useOpened(useMemo(() => (token === '' ? null : () => open(token)), [token]))
  const [step, setStep] = useState<SigninState>()
  if (token === '') return <DeadLink then="" go={go} again={again} />
  if (opened.state === 'waiting') return <Waiting title={words.product} />
  if (opened.state === 'refused') return <DeadLink error={opened.error} then={words.link.invitation} go={go} again={again} />
  if (step) return <Steps company={opened.data.company} email={opened.data.email} first={step} moved lost={() => { location.assign('/signin?late=1') }} />
  const Form = opened.data.known ? Known : New
  return <Form token={token} opened={opened.data} then={setStep} />
}

/** The invitation, and how long a password must be here. */
async function open(token: string): Promise<Opened> {
  const [opened, door] = await Promise.all([ask.openInvitation(token), ask.door().catch(() => undefined)])
  return { min_length: door?.password_min, ...opened }
}

interface Props {
  token: string
  opened: Opened
  then: (s: SigninState) => void
}

function New({ token, opened, then }: Props) {
  const min = opened.min_length ?? usualLength
  const f = useForm(
    { name: '', password: '' },
    (v) => only({ name: needed(v.name, words.nameMissing), password: newPassword(v.password, min) }),
    async (v) => { then(await ask.accept({ token, name: v.name.trim(), password: v.password })) },
  )
  return (
    <Sheet title={w.title(opened.company)} lead={w.lead(opened.email)}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          <TextInput size="md" type="email" label={words.email} value={opened.email} readOnly autoComplete="username" />
          <TextInput {...f.bind('name')} size="md" label={words.name} description={words.nameHint} autoComplete="name" required withAsterisk={false} />
          <Password {...f.bind('password')} label={words.password} description={words.passwordHint(min)} autoComplete="new-password" required withAsterisk={false} />
          <Strength password={f.values.password} min={min} own={[f.values.name, opened.email, opened.company]} />
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
        </Stack>
      </form>
    </Sheet>
  )
}

function Known({ token, opened, then }: Props) {
  const f = useForm(
    { password: '' },
    (v) => only({ password: needed(v.password, words.passwordMissing) }),
    async (v) => { then(await ask.signin({ email: opened.email, password: v.password, invitation: token })) },
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
