import { sentence, Problem } from '~/api/problem'
import { Failed, Notice } from '~/look'
import { useState } from 'react'
import { ask, type Policies, type Policy, type SigninState } from './ask'
import { PolicyText, Send, Sheet, Stack, styles, Trouble, Waiting } from './parts'
import type { Pay } from './Steps'
import { useForm } from './useForm'
import { useOpened } from './useOpened'
import { words } from './words'

const w = words.agreement

/** The owed step: both policies with their versions, and one button. Nothing else can be reached before. */
export function Agreement({ company, moved, pay, done }: { company: string; moved: boolean; pay: Pay; done: (s: SigninState) => void }) {
  const [policies, again] = useOpened(ask.policies)
  const [changed, setChanged] = useState(false)
  if (policies.state === 'waiting') return <Waiting title={w.title} />
  if (policies.state === 'refused') return <Sheet title={w.title}><Stack><Failed text={sentence(policies.error)} again={again} /></Stack></Sheet>
  return (
    <Form company={company} moved={moved} pay={pay} policies={policies.data} done={done} changed={changed}
      renew={() => {
        setChanged(true)
        again()
      }} />
  )
}

function Form({ company, moved, pay, policies, done, changed, renew }: {
  company: string; moved: boolean; pay: Pay; policies: Policies; done: (s: SigninState) => void; changed: boolean; renew: () => void
}) {
  const f = useForm({}, () => ({}), async () => {
    let state: SigninState
    try {
      state = await pay(ask.agree({ security_version: policies.security.version, privacy_version: policies.privacy.version }))
    } catch (e) {
      if (!(e instanceof Problem && e.status === 409)) throw e
      renew() // a newer version came out while this one was read
      return
    }
    done(state)
  })
  return (
    <Sheet title={w.title} lead={w.lead(company)} wide moved={moved}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          {changed && <Notice tone="warn">{w.changed}</Notice>}
          <div className={styles.policies}>
            <PolicySheet policy={policies.security} />
            <PolicySheet policy={policies.privacy} />
          </div>
          <Send busy={f.busy} left={f.left}>{w.send}</Send>
        </Stack>
      </form>
    </Sheet>
  )
}

function PolicySheet({ policy }: { policy: Policy }) {
  return (
    <section className={styles.sheet} aria-label={policy.title} tabIndex={0}>
      <h2 className={styles.sheetTitle}>{policy.title} <span>{words.version(policy.version)}</span></h2>
      <PolicyText markdown={policy.text_md} />
    </section>
  )
}
