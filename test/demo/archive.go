package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// archiveFolder is where content is archived: beside the plugin, so that it can be
// looked at afterwards. Each run begins it anew, so its name is one that nobody else
// gives a folder.
func (d *demo) archiveFolder() (string, error) {
	plugin, err := filepath.Abs(d.plugin)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(filepath.Dir(plugin), "o365-demo-archive")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.Mkdir(dir, 0o755)
}

// archived counts the objects of an archive and says how to read it.
func archived(dir string) (string, error) {
	objects, bytes := 0, int64(0)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".json.gz") {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		objects++
		bytes += info.Size()
		return nil
	})
	if err != nil {
		return "", err
	}
	shown := dir
	if here, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(here, dir); err == nil && filepath.IsLocal(relative) {
			shown = relative
		}
	}
	return fmt.Sprintf("archived: %s content blobs as they were served, %.1f MB of gzip in %s. What happened most often:\n"+
		`   find %s -name '*.json.gz' -exec zcat {} + | grep -o '"Operation":"[^"]*"' | sort | uniq -c | sort -rn | head`,
		thousands(objects), float64(bytes)/1e6, shown, shown), nil
}
