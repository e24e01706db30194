// Package volumes provides persistent volumes: directories of the only node. Sizes are not enforced.
package volumes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// Name is how storage classes name this provisioner.
const Name = "perigee.cloud/local"

// provisionedBy tells the volume controller that deleting is somebody else's business: ours.
const provisionedBy = "pv.kubernetes.io/provisioned-by"

// retryInterval is how long a failed attempt waits without any event.
const retryInterval = time.Second

// open lets images that do not run as root write: a volume belongs to one tenant anyway.
const open = 0o777

// Provisioner is level-triggered: any event makes it look at every claim and every volume.
type Provisioner struct {
	directory string
	client    kubernetes.Interface
	claims    corelisters.PersistentVolumeClaimLister
	volumes   corelisters.PersistentVolumeLister
	classes   storagelisters.StorageClassLister
	factory   informers.SharedInformerFactory
	changed   chan struct{}
}

// New prepares a provisioner that makes its volumes below directory; Run starts it.
func New(client kubernetes.Interface, directory string) (*Provisioner, error) {
	factory := informers.NewSharedInformerFactory(client, 0)
	p := &Provisioner{
		directory: directory,
		client:    client,
		claims:    factory.Core().V1().PersistentVolumeClaims().Lister(),
		volumes:   factory.Core().V1().PersistentVolumes().Lister(),
		classes:   factory.Storage().V1().StorageClasses().Lister(),
		factory:   factory,
		// One pending notice is enough: a pass looks at everything.
		changed: make(chan struct{}, 1),
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { p.notice() },
		UpdateFunc: func(any, any) { p.notice() },
		DeleteFunc: func(any) { p.notice() },
	}
	for _, informer := range []cache.SharedIndexInformer{
		factory.Core().V1().PersistentVolumeClaims().Informer(),
		factory.Core().V1().PersistentVolumes().Informer(),
		factory.Storage().V1().StorageClasses().Informer(),
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Provisioner) notice() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// Run provides volumes until the context ends.
func (p *Provisioner) Run(ctx context.Context) error {
	p.factory.Start(ctx.Done())
	for kind, synced := range p.factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("cannot list %s", kind)
		}
	}
	for {
		var retry <-chan time.Time
		if err := p.pass(ctx); err != nil {
			klog.ErrorS(err, "volumes are not as they should be; trying again")
			retry = time.After(retryInterval)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.changed:
		case <-retry:
		}
	}
}

func (p *Provisioner) pass(ctx context.Context) error {
	claims, err := p.claims.List(labels.Everything())
	if err != nil {
		return err
	}
	volumes, err := p.volumes.List(labels.Everything())
	if err != nil {
		return err
	}
	var failed []error
	for _, claim := range claims {
		if p.wants(claim) {
			failed = append(failed, p.provide(ctx, claim))
		}
	}
	for _, volume := range volumes {
		if isOver(volume) {
			failed = append(failed, p.remove(ctx, volume))
		}
	}
	return errors.Join(failed...)
}

// wants reports whether a claim waits for a volume of ours.
func (p *Provisioner) wants(claim *corev1.PersistentVolumeClaim) bool {
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil || claim.Spec.StorageClassName == nil {
		return false
	}
	class, err := p.classes.Get(*claim.Spec.StorageClassName)
	return err == nil && class.Provisioner == Name
}

func (p *Provisioner) provide(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	volume := volumeFor(claim, p.directory)
	path := volume.Spec.HostPath.Path
	if err := os.MkdirAll(path, open); err != nil {
		return err
	}
	// The process's umask has taken bits away.
	if err := os.Chmod(path, open); err != nil {
		return err
	}
	_, err := p.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// volumeFor is the volume of a claim; its name is the same at every try.
func volumeFor(claim *corev1.PersistentVolumeClaim, directory string) *corev1.PersistentVolume {
	name := "pvc-" + string(claim.UID)
	kind := corev1.HostPathDirectory
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: Name}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      claim.Spec.Resources.Requests,
			AccessModes:                   claim.Spec.AccessModes,
			StorageClassName:              *claim.Spec.StorageClassName,
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: filepath.Join(directory, name), Type: &kind},
			},
		},
	}
}

// isOver reports whether a volume is ours and its claim is gone.
func isOver(volume *corev1.PersistentVolume) bool {
	return volume.Annotations[provisionedBy] == Name && volume.Status.Phase == corev1.VolumeReleased
}

// remove deletes the data before the record: a crash in between leaves the record, and the next pass goes on. The
// directory follows from the name, so that no record can point the deletion elsewhere.
func (p *Provisioner) remove(ctx context.Context, volume *corev1.PersistentVolume) error {
	if err := os.RemoveAll(filepath.Join(p.directory, filepath.Base(volume.Name))); err != nil {
		return err
	}
	err := p.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{
		Preconditions: metav1.NewUIDPreconditions(string(volume.UID)),
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
