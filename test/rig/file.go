package rig

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// PutBytes sends bytes as they are.
func (c *Client) PutBytes(ctx context.Context, path string, body []byte) (a Answer, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, c.scheme()+"://"+c.Host+path, bytes.NewReader(body))
	if err != nil {
		return a, fmt.Errorf("PUT %s: request: %w", path, err)
	}
	for name, values := range c.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	if req.Header.Get("Origin") == "" {
		req.Header.Set("Origin", c.Origin())
	}
	res, err := c.http.Do(req)
	if err != nil {
		return a, fmt.Errorf("PUT %s: %w", path, err)
	}
	defer res.Body.Close()
	a.Status, a.Header = res.StatusCode, res.Header
	if a.Body, err = io.ReadAll(res.Body); err != nil {
		return a, fmt.Errorf("PUT %s: answer: %w", path, err)
	}
	return a, nil
}

// SendFile uploads a file, which claims to be of a media type, into a room under a prefix (/api/v1 or /widget/v1), posts it, and gives its id.
func (c *Client) SendFile(ctx context.Context, prefix, room, name, claim string, body []byte) (string, error) {
	var f struct {
		ID, State string
		PartSize  int `json:"part_size"`
		Parts     int
	}
	if err := c.Do(ctx, "POST", prefix+"/rooms/"+room+"/files", map[string]any{"id": UUID(), "name": name, "type": claim, "size": len(body)}, &f); err != nil {
		return "", err
	}
	for n := 1; n <= f.Parts; n++ {
		part := body[(n-1)*f.PartSize : min(n*f.PartSize, len(body))]
		a, err := c.PutBytes(ctx, fmt.Sprintf("%s/files/%s/parts/%d", prefix, f.ID, n), part)
		if err == nil && a.Status != http.StatusNoContent {
			err = fmt.Errorf("part %d of a file: %w", n, &Refusal{Code: a.Status, Detail: string(a.Body[:min(len(a.Body), 500)])})
		}
		if err != nil {
			return "", err
		}
	}
	if err := c.Do(ctx, "POST", prefix+"/files/"+f.ID+"/complete", nil, &f); err != nil {
		return "", err
	}
	if f.State != "ready" {
		return "", fmt.Errorf("file is %s", f.State)
	}
	_, err := c.Raw(ctx, "POST", prefix+"/rooms/"+room+"/messages", map[string]any{"id": UUID(), "files": []string{f.ID}})
	return f.ID, err
}
