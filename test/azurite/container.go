package azurite

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// CreateContainer creates a container of the account.
func (s *Server) CreateContainer(ctx context.Context, name string) error {
	key, err := container.NewSharedKeyCredential(Account, Key)
	if err != nil {
		return err
	}
	o := &container.ClientOptions{ClientOptions: policy.ClientOptions{Transport: s.Client}}
	c, err := container.NewClientWithSharedKeyCredential(s.URL+"/"+name, key, o)
	if err != nil {
		return err
	}
	_, err = c.Create(ctx, nil)
	return err
}
