package policy

import "strings"

// commonWords are words that passwords are built on, written down by hand; compared after flatten, alone or chained
// (passwordpassword, iloveyouforever). A long list of leaked passwords is a later part.
const commonWords = `
password passwort passw0rd motdepasse contrasena senha wachtwoord haslo parola salasana kennwort geheim secret
secreto segreto letmein welcome willkommen bienvenue bienvenido welkom changeme change please default admin
administrator root user guest test tester testing demo login logon signin access master system sysadmin support
service server computer internet network security secure private office company business enterprise customer
qwerty qwertz azerty asdf asdfgh yxcvbn zxcvbn qazwsx abc abcd abcdef iloveyou love lovely forever always sunshine
princess prince dragon monkey football fussball baseball basketball soccer hockey tennis golf shadow superman batman
spiderman pokemon starwars trustno trustnoone whatever freedom hello hallo bonjour hola ciao goodbye world mother
father mama papa daddy mommy sister brother family baby angel jesus christ god heaven summer sommer winter spring
autumn herbst fall january february march april june july august september october november december monday tuesday
wednesday thursday friday saturday sunday today tomorrow london paris berlin madrid rome vienna zurich newyork
america germany england france italy spain europe michael jennifer jessica thomas daniel andrew joshua matthew
robert charlie george david maria anna chocolate cookie coffee cheese banana apple orange purple yellow green blue
black white silver golden diamond flower butterfly rainbow unicorn kitten puppy tiger lion eagle falcon phoenix
mustang ferrari porsche mercedes toyota samsung iphone google facebook twitter instagram amazon microsoft windows
linux ubuntu android killer hunter ranger ninja wizard magic money dollar million lucky happy smile peace power
strong correct horse battery staple correcthorsebatterystaple parlatory workspace chat widget staff agent supervisor
enquiry open opensesame sesame enter entry keyword pass word code pin key number one two three four five six seven
eight nine ten hundred thousand the and is my your our this that it be me you we are can not new old big best super
very good bad hot cold first last next`

// reservedNames can't be a workspace's subdomain: names that mail, certificates and browsers give a meaning
// (RFC 2142), names of this product's own hosts, and names that would lend a stranger our authority.
const reservedNames = `
abuse account accounts admin administrator api app apps archive assets auth autoconfig autodiscover backup beta
billing blog board broadcasthost cdn chat community company console contact contacts corporate dashboard data demo
dev developer developers dns docs download downloads email enquiry error example exchange export faq feedback file
files forum ftp gateway git guest health healthz help helpdesk home host hostmaster house http https imap inbox info
internal intranet invite isatap ldap legal live local localdomain localhost log login logout logs mail mailer
mailer-daemon mail1 mail2 marketing media message messages metrics mobile monitor monitoring moderator mta mx my
mysql network news newsletter noc node none noreply no-reply ns1 ns2 ns3 ns4 ntp null oauth office official oidc
operator ops own owner pages parlatory parlor partner partners password payment payments phone ping pop pop3 portal
postmaster press pricing privacy private prod production proxy public readyz register registration relay root sales
saml sandbox secure security server service services session setup sftp shop sign-in sign-up signin signout signup
sip site sites smtp sms sso staff stage staging start stat static stats status stun subdomain support sysadmin
syslog system team teams telnet terms test testing tls trust turn undefined unknown update updates upload uploads
uucp usenet user users verify video voice vpn web webdav webmail webmaster webrtc webrtc1 widget wiki workspace
workspaces wpad www www1 www2 www3 xmpp your`

func listed(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

func reservedName(s string) bool { return listed(reservedNames, s) }

// common finds a text that is nothing but up to three common words, or one of them again and again. Four and more
// chosen at random are a passphrase.
func common(flat string) bool {
	const far = 1 << 20
	least := make([]int, len(flat)+1)
	for i := range least[1:] {
		least[i+1] = far
	}
	for i := range flat {
		if least[i] == far {
			continue
		}
		for w := range strings.FieldsSeq(commonWords) {
			f := flatten(w)
			if !strings.HasPrefix(flat[i:], f) {
				continue
			}
			least[i+len(f)] = min(least[i+len(f)], least[i]+1)
			if strings.Repeat(f, len(flat)/len(f)) == flat {
				return true
			}
		}
	}
	return flat != "" && least[len(flat)] <= 3
}
