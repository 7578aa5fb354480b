import { Button, Checkbox, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Failed } from '~/look'
import { sentence } from '~/api/problem'
import { ask, type Policies } from './ask'
import { email, needed, only } from './judge'
import { Aside, Send, Sheet, Stack, styles, Trouble, Waiting } from './parts'
import { useForm } from './useForm'
import { useOpened } from './useOpened'
import { words } from './words'
import { subdomain, suggested } from './workspace'

const w = words.signup

export function Signup() {
  const [policies, again] = useOpened(ask.policies)
  const [sent, setSent] = useState('')
  if (policies.state === 'waiting') return <Waiting title={w.title} />
  if (policies.state === 'refused') return <Sheet title={w.title}><Stack><Failed text={sentence(policies.error)} again={again} /></Stack></Sheet>
  if (sent) {
    return (
      <Sheet title={w.sent} lead={w.sentText(sent)} moved>
        <Stack>
          <p className={styles.lead}>{w.sentHint}</p>
          <Button variant="default" onClick={() => { setSent('') }}>{w.again}</Button>
        </Stack>
      </Sheet>
    )
  }
  return <Form policies={policies.data} sent={setSent} />
}

function Form({ policies, sent }: { policies: Policies; sent: (email: string) => void }) {
  const [own, setOwn] = useState(false) // the subdomain was written by hand
  const f = useForm(
    { company: '', subdomain: '', email: '', agree: '' },
    (v) => only({
      company: needed(v.company, words.companyMissing),
      subdomain: subdomain(v.subdomain) === undefined ? words.subdomainWrong : undefined,
      email: email(v.email),
      agree: v.agree === '' ? w.agreeMissing : undefined,
    }),
    async (v) => {
      await ask.signup({
        company: v.company.trim(), subdomain: subdomain(v.subdomain) ?? '', email: v.email.trim(),
        security_version: policies.security.version, privacy_version: policies.privacy.version,
      })
      sent(v.email.trim())
    },
  )
  const company = f.bind('company')
  const sub = f.bind('subdomain')
  return (
    <Sheet title={w.title} lead={w.lead}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          <TextInput {...company} size="md" label={words.company} autoComplete="organization" required withAsterisk={false}
            onChange={(e) => {
              company.onChange(e)
              if (!own) f.set('subdomain', suggested(e.currentTarget.value))
            }} />
          <TextInput {...sub} size="md" label={words.subdomain} description={words.subdomainHint(location.hostname)} autoComplete="off" autoCapitalize="none" spellCheck={false}
            required withAsterisk={false}
            onChange={(e) => {
              sub.onChange(e)
              setOwn(e.currentTarget.value !== '')
            }} />
          <TextInput {...f.bind('email')} size="md" type="email" label={words.email} autoComplete="email" autoCapitalize="none" spellCheck={false} required withAsterisk={false} />
          <Agree policies={policies} checked={f.values.agree !== ''} error={f.bind('agree').error} set={(on) => { f.set('agree', on ? 'yes' : '') }} />
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
        </Stack>
      </form>
      <Aside>{w.have} <a href="/signin">{words.landing.signin}</a></Aside>
    </Sheet>
  )
}

function Agree({ policies, checked, error, set }: { policies: Policies; checked: boolean; error?: string; set: (on: boolean) => void }) {
  const link = (to: string, p: { title: string; version: string }) => (
    <a href={to} target="_blank" rel="noopener">{p.title} ({p.version})<span className={styles.unseen}> {words.newTab}</span></a>
  )
  return (
    <Checkbox
      name="agree" checked={checked} error={error} aria-invalid={error ? true : undefined} onChange={(e) => { set(e.currentTarget.checked) }}
      label={<>{w.agreePrefix} {link('/policies/security', policies.security)} {w.and} {link('/policies/privacy', policies.privacy)}.</>}
    />
  )
}
