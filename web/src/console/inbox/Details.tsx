import type { Enquiry } from '~/api'
import { Face, Field, Fields } from '~/look'
import { ContactData } from '../erasure/ContactData'
import { language, moment, place, where } from '../format'
import { Block } from './Block'
import styles from './Details.module.css'
import { words } from './words'

/** Who asks, from where, since when. */
export function Details({ enquiry, bare = false, onDialog }: { enquiry: Enquiry; bare?: boolean; onDialog?: (open: boolean) => void }) {
  const { contact, fields } = { contact: enquiry.contact, fields: words.fields }
  return (
    <section className={bare ? styles.bare : styles.details} aria-label={words.details}>
      <div className={styles.who}>
        <Face name={contact.name} id={contact.id} size={52} />
        <div>
          <h3>{contact.name}</h3>
          <p>{place(enquiry.site)}</p>
        </div>
      </div>
      <Fields>
        {contact.email && <Field name={fields.email}><a href={`mailto:${contact.email}`}>{contact.email}</a></Field>}
        {enquiry.page && <Field name={fields.page}>{where(enquiry)}</Field>}
        <Field name={fields.site}>{place(enquiry.site)}</Field>
        {enquiry.language && <Field name={fields.language}>{language(enquiry.language)}</Field>}
        {enquiry.staff && <Field name={fields.staff}>{enquiry.staff.name}</Field>}
        <Field name={fields.opened}>{moment(enquiry.opened_at)}</Field>
        {enquiry.picked_at && <Field name={fields.picked}>{moment(enquiry.picked_at)}</Field>}
        {enquiry.closed_at && <Field name={fields.closed}>{moment(enquiry.closed_at)}</Field>}
      </Fields>
      {!contact.erased && (
        <>
          <h4>{words.question}</h4>
          <p className={styles.question}>{enquiry.question}</p>
          <Block enquiry={enquiry} />
        </>
      )}
      <ContactData contact={contact} onDialog={onDialog} />
    </section>
  )
}
