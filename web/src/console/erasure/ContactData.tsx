import { Button } from '@mantine/core'
import { IconDownload, IconEraser, IconGavel } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { Enquiry } from '~/api'
import { Tag } from '~/look'
import { date } from '../format'
import { may, mayErase, useMe } from '../session'
import { useArchive } from './downloads'
import styles from './Erasure.module.css'
import { PlaceHold } from './Holds'
import { useKept } from './queries'
import { Wizard } from './Wizard'
import { words } from './words'

const text = words.data

/** What may be done with all that is kept on the contact of a conversation. onDialog says that a dialog stands above the panel. */
export function ContactData({ contact, onDialog }: { contact: Enquiry['contact']; onDialog?: (open: boolean) => void }) {
  const me = useMe()
  const place = useRef<HTMLElement>(null)
  const [open, setOpen] = useState<'erase' | 'hold'>()
  const archive = useArchive()
  const view = may(me, 'archive.view') && me.level === 'Full'
  if (!view) return null
  const show = (what: typeof open) => {
    setOpen(what)
    if (what) onDialog?.(true)
    else window.setTimeout(() => { onDialog?.(false) }, 0) // the key that closed the dialog is not for the panel
  }
  return (
    <section className={styles.data} ref={place} tabIndex={-1} aria-label={text.title}>
      <h4>{text.title}</h4>
      <p className={styles.why}>{words.id}<code className={styles.id}>{contact.id}</code></p>
      {contact.erased
        ? <p className={styles.why}><Link to="/admin/erasure">{text.certificates}</Link></p>
        : (
          <>
            <Held contact={contact.id} />
            <div className={styles.acts}>
              {may(me, 'archive.export') && <Button variant="default" size="xs" leftSection={<IconDownload size={16} aria-hidden />} loading={archive.isPending} onClick={() => { archive.mutate(contact.id) }}>{text.export}</Button>}
              {may(me, 'archive.hold') && <Button variant="default" size="xs" leftSection={<IconGavel size={16} aria-hidden />} onClick={() => { show('hold') }}>{text.hold}</Button>}
              {mayErase(me) && <Button variant="default" size="xs" leftSection={<IconEraser size={16} aria-hidden />} onClick={() => { show('erase') }}>{`${text.erase}…`}</Button>}
            </div>
          </>
        )}
      {open === 'hold' && <PlaceHold contact={contact} close={() => { show(undefined) }} />}
      {open === 'erase' && (
        <Wizard contact={contact.id} close={(erased) => {
          show(undefined)
          if (erased) window.setTimeout(() => place.current?.focus(), 0) // the button that opened it is gone
        }} />
      )}
    </section>
  )
}

function Held({ contact }: { contact: string }) {
  const { data } = useKept(contact)
  return (data?.holds ?? []).map((hold) => (
    <p key={hold.id} className={styles.why}><Tag tone="warn">{text.held}</Tag> {hold.reason} <span className={styles.dim}>{words.holds.by(hold.placed_by.name, date(hold.placed_at))}</span></p>
  ))
}
