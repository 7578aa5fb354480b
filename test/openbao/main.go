package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	baohttp "github.com/openbao/openbao/http"
	"github.com/openbao/openbao/vault"
)

// ready is the line that tells where everything is.
type ready struct {
	Address   string `json:"address"` // https://127.0.0.1:PORT
	CAFile    string `json:"ca_file"`
	TokenFile string `json:"token_file"`
	KeyFile   string `json:"key_file"`
	PID       int    `json:"pid"`
}

func main() {
	folder := flag.String("folder", "", "where the state is kept; made if it is missing")
	listen := flag.String("listen", "127.0.0.1:0", "loopback address and port")
	sealed := flag.Bool("sealed", false, "start without unsealing")
	leash := flag.Bool("leash", false, "end when standard input ends")
	remove := flag.Bool("remove", false, "remove the folder at the end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if *leash {
		go func() { // ends with the process
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	err := run(ctx, *folder, *listen, *sealed)
	if *remove && *folder != "" {
		err = errors.Join(err, os.RemoveAll(*folder))
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, folder, listen string, sealed bool) error {
	if folder == "" {
		return errors.New("--folder is needed")
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return errors.New("--listen must be a loopback address with a port")
	}
	if err := os.MkdirAll(filepath.Join(folder, "store"), 0o700); err != nil {
		return err
	}
	pair, err := certificate(folder)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	core, err := newCore(ctx, folder, sealed)
	if err != nil {
		return fmt.Errorf("core: %w", err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	return serve(ctx, core, l, pair, ready{
		Address: "https://" + l.Addr().String(), CAFile: filepath.Join(folder, "ca.pem"), PID: os.Getpid(),
		TokenFile: filepath.Join(folder, "root.token"), KeyFile: filepath.Join(folder, "unseal.key"),
	})
}

func serve(ctx context.Context, core *vault.Core, l net.Listener, pair tls.Certificate, r ready) error {
	s := &http.Server{
		Handler:           baohttp.Handler.Handler(&vault.HandlerProperties{Core: core}),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, ClientAuth: tls.RequestClientCert},
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // tests cut connections all the time
	}
	served := make(chan error, 1)
	go func() { served <- s.ServeTLS(l, "", "") }()
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return err
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	// Who asks for the end wants it now: the state is on disk.
	return errors.Join(s.Close(), core.Shutdown())
}
